"""The kinds of step and the models that run them."""

from functools import cache

from contract.kinds import KINDS
from lambdas.actions import figures
from lambdas.api.deps import Services
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.operation import KindList, KindOut, ModelList, ModelOut

router = StrictRouter(tags=["catalogue"])


@router.get("/kinds")
async def list_kinds() -> KindList:
    """What a step can do, and the params that each kind takes."""
    return _kinds()


@cache
def _kinds() -> KindList:
    return KindList(items=[KindOut.of(info) for info in KINDS.values()])


@router.get("/models")
def list_models(services: Services) -> ModelList:
    """The models of this deployment, who can run them now and how long that takes."""
    known = figures.models(services)
    return ModelList(
        items=[
            ModelOut.of(model, available=model.id in known.available, speed=known.speeds.get(model.id))
            for model in services.catalogue.models
        ]
    )
