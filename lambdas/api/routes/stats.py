"""How much there is and who works on it, for everybody to see."""

from lambdas.actions import figures
from lambdas.api.deps import Services
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.operation import Stats

router = StrictRouter(tags=["operation"])


@router.get("/stats")
def get_stats(services: Services) -> Stats:
    """Totals, what each model has done, and the live workers of each queue."""
    return Stats.of(figures.read(services))
