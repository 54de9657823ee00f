"""Whether the API and its database answer."""

from typing import Literal

from lambdas.api.deps import Tx
from lambdas.api.models.base import Answer
from lambdas.api.routing import StrictRouter

router = StrictRouter(tags=["operation"])


class Health(Answer):
    """What answers."""

    api: Literal["ok"]
    database: Literal["ok"]


@router.get("/health")
def get_health(tx: Tx) -> Health:
    """200 once the API and its database answer, else 503."""
    tx.execute("SELECT 1")
    return Health(api="ok", database="ok")
