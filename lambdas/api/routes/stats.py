"""How much there is and who works on it, for everybody to see."""

from lambdas.api.deps import Catalogue, Tx
from lambdas.api.routes.catalogue import seconds_of
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.operation import ModelFigures, QueueFigures, Stats
from lambdas.store import stats

router = StrictRouter(tags=["operation"])


@router.get("/stats")
def get_stats(catalogue: Catalogue, tx: Tx) -> Stats:
    """Totals, what each model has done, and the live workers of each queue."""
    totals = stats.totals(tx)
    counts = stats.task_counts(tx)
    ids = sorted({model.id for model in catalogue.models} | counts.keys())
    speeds = stats.speeds(tx, ids)
    return Stats(
        images=totals.images,
        texts=totals.texts,
        runs=totals.runs,
        results=totals.results,
        accounts=totals.accounts,
        models=[ModelFigures(id=i, tasks=counts.get(i, 0), seconds=seconds_of(speeds.get(i))) for i in ids],
        workers=[QueueFigures.model_validate(row) for row in stats.live_workers(tx)],
    )
