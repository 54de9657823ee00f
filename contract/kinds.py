"""The kinds of step and the params of each; a model of the catalogue narrows them and gives its own defaults."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from contract.limits import MAX_COUNT, MAX_SIDE, MIN_SIDE, SIDE_STEP
from contract.text import Text, Visible


class Kind(StrEnum):
    """What a step does."""

    TEXT = "text"
    IMAGE = "image"
    EDIT = "edit"
    CAPTION = "caption"
    UPSCALE = "upscale"


Medium = Literal["text", "image"]
"""What an input holds, a step takes or an output is."""


def _template(title: str, **more: Any) -> Any:
    return Field(title=title, json_schema_extra={"x-template": "text"}, **more)


class Params(BaseModel):
    """What the params of every kind share: no unknown field, nothing coerced, no change after reading."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TextParams(Params):
    """One answer of an instruct text model."""

    prompt: Annotated[Text, Visible, _template("Prompt", min_length=1)]
    system: Annotated[Text, _template("System prompt")] = ""
    max_tokens: Annotated[int, Field(title="Longest answer, in tokens", ge=1, le=4096)] = 128
    temperature: Annotated[float, Field(title="Temperature", ge=0, le=2)] = 0.7
    top_p: Annotated[float, Field(title="Top p", gt=0, le=1)] = 0.95


class _PictureParams(Params):
    prompt: Annotated[Text, Visible, _template("Prompt", min_length=1)]
    negative_prompt: Annotated[Text, _template("What to avoid")] = ""
    denoise_steps: Annotated[int, Field(title="Denoising steps", ge=1, le=100)] = 20
    guidance: Annotated[float, Field(title="How closely to follow the prompt", ge=0, le=20)] = 5.0
    count: Annotated[int, Field(title="How many pictures", ge=1, le=MAX_COUNT)] = 1


class ImageParams(_PictureParams):
    """Pictures from a prompt."""

    width: Annotated[int, Field(title="Width in pixels", ge=MIN_SIDE, le=MAX_SIDE, multiple_of=SIDE_STEP)] = 1024
    height: Annotated[int, Field(title="Height in pixels", ge=MIN_SIDE, le=MAX_SIDE, multiple_of=SIDE_STEP)] = 1024


PictureReference = Annotated[
    str, Field(title="Picture to start from", max_length=200, json_schema_extra={"x-template": "image"})
]


class EditParams(_PictureParams):
    """Pictures from another picture and a prompt (image to image)."""

    image: PictureReference
    strength: Annotated[float, Field(title="How much to change", ge=0.05, le=1)] = 0.7


class CaptionParams(Params):
    """What a picture shows, as a text."""

    image: PictureReference
    max_tokens: Annotated[int, Field(title="Longest answer, in tokens", ge=1, le=1024)] = 64


class UpscaleParams(Params):
    """The same picture with more pixels."""

    image: PictureReference
    factor: Annotated[int, Field(title="How many times as wide and high", ge=2, le=8)] = 2


@dataclass(frozen=True, slots=True)
class KindInfo:
    """A kind as `GET /kinds` shows it."""

    kind: Kind
    title: str
    takes: tuple[Medium, ...]
    makes: Medium
    params: type[Params]
    resizes_start: bool = False
    """Whether the picture to start from is brought to a size that the model draws; else it comes as it is."""


KINDS: dict[Kind, KindInfo] = {
    Kind.TEXT: KindInfo(Kind.TEXT, "Write a text", ("text",), "text", TextParams),
    Kind.IMAGE: KindInfo(Kind.IMAGE, "Draw a picture", ("text",), "image", ImageParams),
    Kind.EDIT: KindInfo(Kind.EDIT, "Change a picture", ("text", "image"), "image", EditParams, resizes_start=True),
    Kind.CAPTION: KindInfo(Kind.CAPTION, "Describe a picture", ("image",), "text", CaptionParams),
    Kind.UPSCALE: KindInfo(Kind.UPSCALE, "Enlarge a picture", ("image",), "image", UpscaleParams),
}


def template_params(kind: Kind) -> dict[str, Medium]:
    """The params of a kind that may hold references, with the medium that these must point at."""
    found: dict[str, Medium] = {}
    for name, field in KINDS[kind].params.model_fields.items():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and "x-template" in extra:
            found[name] = "image" if extra["x-template"] == "image" else "text"
    return found
