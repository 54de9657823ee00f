"""What the one-machine edition reads from its environment; the parts it starts have settings of their own."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from contract.limits import VISIBILITY_SECONDS

ROOT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """The environment variables `ATELIER_…` of `python -m infra.local`."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)

    home: Path = ROOT / ".atelier"
    """Database, media, models, secrets and logs."""
    port: int = Field(default=8000, ge=0, le=65535)
    """Where the page is served; 0 takes any free one."""
    bind: str = "127.0.0.1"
    dev_port: int = Field(default=5173, ge=1, le=65535)
    """Where `make dev` serves the page that follows its sources."""
    profile: Literal["demo", "gpu"] = "demo"
    seed: bool = True
    """Whether the first start fills the gallery."""
    visibility_seconds: int = Field(default=VISIBILITY_SECONDS, ge=1)
    sweep_seconds: float = Field(default=60, gt=0)


class LoopSettings(BaseSettings):
    """The environment variables `ATELIER_…` of `python -m infra.local.loop`."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)

    aws_endpoint_url: str
    events_queue_url: str
    sweep_seconds: float = Field(default=60, gt=0)


class SiteSettings(BaseSettings):
    """The environment variables `ATELIER_…` of `python -m infra.local.site`, beside those of the API."""

    model_config = SettingsConfigDict(env_prefix="ATELIER_", frozen=True)

    aws_endpoint_url: str
    media_bucket: str
    listen_fd: int
    """The listening socket, inherited: connections wait in it while the site starts again."""
    web_dist: Path = ROOT / "web" / "dist"
