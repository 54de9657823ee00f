"""Whether the API and its database answer, and who works."""

from lambdas.actions import figures
from lambdas.api.deps import Services
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.operation import Health

router = StrictRouter(tags=["operation"])


@router.get("/health")
def get_health(services: Services) -> Health:
    """200 once the API and its database answer, else 503; who works is told and changes nothing about it."""
    return Health.of(figures.live_workers(services))
