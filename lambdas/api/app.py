"""The composition root of the API: its only place that builds services and mounts routes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI

from contract.limits import MAX_UPLOAD_BYTES
from contract.metrics import Meter
from contract.version import VERSION
from lambdas.api import docs, openapi, problems
from lambdas.api.body_limit import BodyLimit
from lambdas.api.counters import Counters
from lambdas.api.deps import same_origin
from lambdas.api.requests import RequestEdge
from lambdas.api.routes import (
    accounts,
    catalogue,
    health,
    keys,
    lineage,
    pipelines,
    previews,
    results,
    runs,
    sessions,
    stats,
    uploads,
    versions,
)
from lambdas.api.services import Services
from lambdas.api.settings import Settings

PREFIX = "/api/v1"
_MAX_BODY_BYTES = 1024 * 1024
# Routes are tried one after another: what is called most stands first.
_ROUTERS = (
    results.router,
    runs.router,
    accounts.router,
    sessions.router,
    keys.router,
    catalogue.router,
    pipelines.router,
    versions.router,
    lineage.router,
    uploads.router,
    stats.router,
    health.router,
)


def create_app(settings: Settings) -> FastAPI:
    """The API with these settings; nothing connects before the first request."""
    app = bare_app()
    if settings.metrics_namespace:
        app.add_middleware(Counters, meter=Meter(settings.metrics_namespace))
    app.add_middleware(RequestEdge, answer=problems.internal_error)
    app.state.services = Services(settings)
    return app


def bare_app() -> FastAPI:
    """Every route and rule without services: enough for the OpenAPI document."""
    app = FastAPI(
        title="Atelier",
        version=VERSION,
        description="Create a pipeline, run it, see how it was made, rate it, remix it.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        lifespan=_lifespan,
        generate_unique_id_function=lambda route: route.name,
    )
    app.add_middleware(BodyLimit, limit_of=_body_limit)
    problems.install(app)
    for router in _ROUTERS:
        app.include_router(router, prefix=PREFIX, dependencies=[Depends(same_origin)])
    app.include_router(docs.router)
    app.include_router(previews.router)
    app.openapi = openapi.describe(app, routers=_ROUTERS)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    yield
    app.state.services.stop()


def _body_limit(path: str) -> int:
    return MAX_UPLOAD_BYTES if path == f"{PREFIX}/uploads" else _MAX_BODY_BYTES
