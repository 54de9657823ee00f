"""The kinds of step and the models that run them."""

from functools import cache

from contract.catalogue import HubSource, LibrarySource, Model, OwnSource, PackageSource
from contract.kinds import KINDS
from lambdas.api.deps import Catalogue, Tx
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.operation import KindList, KindOut, ModelList, ModelOut, Seconds
from lambdas.store import stats

router = StrictRouter(tags=["catalogue"])


@router.get("/kinds")
async def list_kinds() -> KindList:
    """What a step can do, and the params that each kind takes."""
    return _kinds()


@cache
def _kinds() -> KindList:
    return KindList(
        items=[
            KindOut(
                kind=info.kind,
                title=info.title,
                takes=list(info.takes),
                makes=info.makes,
                params=info.params.model_json_schema(),
            )
            for info in KINDS.values()
        ]
    )


@router.get("/models")
def list_models(catalogue: Catalogue, tx: Tx) -> ModelList:
    """The models of this deployment, who can run them now and how long that takes."""
    live = stats.live_models(tx)
    speeds = stats.speeds(tx, [model.id for model in catalogue.models])
    return ModelList(
        items=[
            _model(model, available=model.id in live, seconds=seconds_of(speeds.get(model.id)))
            for model in catalogue.models
        ]
    )


def seconds_of(speed: stats.Speed | None) -> Seconds | None:
    """A model's speed in milliseconds' precision; None before its first task."""
    return speed and Seconds(mean=round(speed.mean, 3), p95=round(speed.p95, 3))


def _model(model: Model, *, available: bool, seconds: Seconds | None) -> ModelOut:
    return ModelOut(
        id=model.id,
        title=model.title,
        kinds=list(model.kinds),
        profile=model.profile,
        queue=model.queue,
        licence=model.licence,
        source=_source(model),
        revision=model.revision,
        card=model.card,
        limits=model.limits,
        defaults=model.defaults,
        available=available,
        seconds=seconds,
    )


def _source(model: Model) -> str:
    match model.source:
        case HubSource(repository=repository):
            return repository
        case PackageSource(package=package, version=version) | LibrarySource(package=package, version=version):
            return f"{package} {version}"
        case OwnSource(path=path):
            return path
