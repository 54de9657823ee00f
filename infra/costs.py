"""`python -m infra.costs`: what a deployment costs a month, as tables for docs/deploy.md; what there is, stacks/ says.

Everything that a figure rests on is stated here and printed beside it: list prices of us-east-1 without free
allowances, discounts or taxes, and what one picture brings with it. Change a line, run it, and compare.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HOURS = 730
_SECONDS = HOURS * 3600
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Fact:
    """A stated number."""

    value: float
    unit: str
    note: str


PRICES = {
    "gpu": Fact(0.8048, "$ an hour", "g6.xlarge: one L4 with 24 GB, on demand"),
    "spot": Fact(0.5, "of that", "a spot machine, over the mix of types; it moves daily"),
    "disk": Fact(0.08, "$ a GB and month", "gp3 of the GPU machines"),
    "address": Fact(0.005, "$ an hour", "public IPv4 of a GPU machine"),
    "db.t4g.micro": Fact(0.016, "$ an hour", "RDS PostgreSQL, one zone"),
    "db.t4g.medium": Fact(0.065, "$ an hour", "RDS PostgreSQL, one zone"),
    "db.t4g.2xlarge": Fact(0.517, "$ an hour", "RDS PostgreSQL, one zone"),
    "db_storage": Fact(0.115, "$ a GB and month", "gp3 of RDS, one zone"),
    "db_proxy": Fact(0.015, "$ a vCPU and hour", "RDS Proxy, two vCPUs at least"),
    "lambda": Fact(0.0000133334, "$ a GB and second", "arm64"),
    "lambda_call": Fact(0.20, "$ a million", "invocations"),
    "http_api": Fact(1.00, "$ a million", "requests to the HTTP API"),
    "sqs": Fact(0.40, "$ a million", "requests to SQS"),
    "sqs_fair": Fact(0.10, "$ a million", "more for each that carries a message group"),
    "s3": Fact(0.023, "$ a GB and month", "S3 Standard"),
    "s3_put": Fact(5.00, "$ a million", "writes to S3"),
    "s3_get": Fact(0.40, "$ a million", "reads from S3"),
    "edge_call": Fact(1.00, "$ a million", "HTTPS requests to CloudFront"),
    "edge_function": Fact(0.10, "$ a million", "CloudFront Function calls"),
    "logs": Fact(0.50, "$ a GB", "taken in by CloudWatch Logs"),
    "metric": Fact(0.30, "$ a month", "custom metric"),
    "alarm": Fact(0.10, "$ a month", "alarm"),
    "dashboard": Fact(3.00, "$ a month", "dashboard"),
    "secret": Fact(0.40, "$ a month", "secret"),
}
EDGE_GB = (
    (10_000, 0.085),
    (40_000, 0.080),
    (100_000, 0.060),
    (350_000, 0.040),
    (524_000, 0.030),
    (float("inf"), 0.025),
)
"""So many GB out of CloudFront at this price, the next at the next."""

WORKLOAD = {
    "gpu_seconds": Fact(4.0, "s", "of a GPU per picture of 1024 × 1024: a distilled model, its text step included"),
    "picture_mb": Fact(1.5, "MB", "a PNG of 1024 × 1024"),
    "tasks": Fact(1.0, "", "tasks per picture: a run of a text step and an image step makes two pictures"),
    "events": Fact(4.0, "", "events per task: started, progress, succeeded"),
    "requests": Fact(20.0, "", "API requests per picture: browsing, watching a run"),
    "thumbs": Fact(30.0, "", "thumbnails of 8 KB loaded per picture made"),
    "views": Fact(1.5, "", "times that a picture is loaded in full"),
    "kept": Fact(0.2, "", "of the pictures are published and stay; the rest goes after one month"),
    "months": Fact(12.0, "months", "of work are stored: the table shows the bill of the last one"),
    "row_kb": Fact(4.0, "KB", "in PostgreSQL per picture, indexes included"),
    "api_gb_s": Fact(0.02, "GB s", "of Lambda per API request: 512 MB for 40 ms"),
    "advance_gb_s": Fact(0.015, "GB s", "of Lambda per batch of events: 512 MB for 30 ms"),
    "boot": Fact(0.1, "", "of a GPU machine's working time is spent on starting it"),
    "models_gb": Fact(30.0, "GB", "models in their bucket"),
}


@dataclass(frozen=True, slots=True)
class Size:
    """A deployment and its load."""

    title: str
    pictures: float
    """A month."""
    database: str
    zones: int = 1
    has_proxy: bool = False
    busy: float = 1.0
    """Of the time that a GPU machine is paid for: few pictures come in drops that each wake a machine."""
    batch: float = 1.0
    """Events that one call of `advance` hears."""


SIZES = (
    Size("idle", 0, "db.t4g.micro"),
    Size("10 thousand", 10_000, "db.t4g.micro", busy=0.25, batch=1.5),
    Size("1 million", _MILLION, "db.t4g.medium", busy=0.6, batch=3),
    Size("100 million", 100 * _MILLION, "db.t4g.2xlarge", zones=2, has_proxy=True, busy=0.8, batch=8),
)


def bill(size: Size) -> dict[str, float]:
    """Dollars a month, by what they are paid for."""
    return {
        "GPU machines": _gpus(size),
        "PostgreSQL": _database(size),
        "media: storage": _storage(size),
        "media: delivery": _delivery(size),
        "API and handlers": _functions(size),
        "queues": _queues(size),
        "logs, metrics, alarms": _watching(size),
    }


def _price(name: str) -> float:
    return PRICES[name].value


def _per_picture(name: str) -> float:
    return WORKLOAD[name].value


def _millions(size: Size, name: str) -> float:
    return size.pictures * _per_picture(name) / _MILLION


def machine_hours(size: Size) -> float:
    """Hours of GPU machines that are paid for in a month."""
    return size.pictures * _per_picture("gpu_seconds") / 3600 / size.busy * (1 + _per_picture("boot"))


def _gpus(size: Size) -> float:
    # Two thirds on spot; 100 GB of disk and an address each for as long as it lives.
    hourly = _price("gpu") * (1 + 2 * _price("spot")) / 3 + 100 * _price("disk") / HOURS + _price("address")
    return machine_hours(size) * hourly


def _database(size: Size) -> float:
    rows = size.pictures * _per_picture("row_kb") * _per_picture("months") / _MILLION
    storage = (20 + 1.3 * rows) * _price("db_storage")
    proxy = 8 * _price("db_proxy") * HOURS if size.has_proxy else 0
    return size.zones * (_price(size.database) * HOURS + storage) + proxy + _price("secret")


def stored_gb(size: Size) -> float:
    """GB of media after the months that WORKLOAD names."""
    months = 1 - _per_picture("kept") + _per_picture("kept") * _per_picture("months")
    return size.pictures * months * (_per_picture("picture_mb") + 0.008) / 1000


def _storage(size: Size) -> float:
    writes = 2.5 * size.pictures / _MILLION * _price("s3_put")  # picture, thumbnail, half a text
    return (stored_gb(size) + _per_picture("models_gb")) * _price("s3") + writes


def delivered_gb(size: Size) -> float:
    """GB out of CloudFront in a month."""
    each = _per_picture("views") * _per_picture("picture_mb") + _per_picture("thumbs") * 0.008
    return size.pictures * (each + _per_picture("requests") * 0.004) / 1000


def _delivery(size: Size) -> float:
    files = (_per_picture("thumbs") + _per_picture("views")) * size.pictures / _MILLION
    calls = files + _millions(size, "requests")
    # One file in ten comes from S3, the others from the edge's cache; only the API's requests pass a function.
    requests = calls * _price("edge_call") + files / 10 * _price("s3_get")
    return requests + _millions(size, "requests") * _price("edge_function") + _tiered(delivered_gb(size))


def _tiered(gigabytes: float) -> float:
    dollars = 0.0
    for width, price in EDGE_GB:
        part = min(gigabytes, width)
        dollars += part * price
        gigabytes -= part
    return dollars


def _functions(size: Size) -> float:
    sweeps = _SECONDS / 60
    batches = size.pictures * _per_picture("tasks") * _per_picture("events") / size.batch
    requests = size.pictures * _per_picture("requests")
    seconds = requests * _per_picture("api_gb_s") + batches * _per_picture("advance_gb_s") + sweeps * 0.25
    calls = (requests + batches + sweeps) / _MILLION * _price("lambda_call")
    secrets = 2 * _price("secret")  # the origin's and the cursors'; the database's own stands with it
    return seconds * _price("lambda") + calls + requests / _MILLION * _price("http_api") + secrets


def _queues(size: Size) -> float:
    idle = 5 * _SECONDS / 20  # the event source's five pollers, 20 s each
    tasks = size.pictures * _per_picture("tasks")
    # Send, receive, prolong and delete a task, each by itself; events leave in tens.
    requests = 4 * tasks + tasks * _per_picture("events") * (1 + 2 / size.batch) + machine_hours(size) * 1800
    return (idle + requests) / _MILLION * _price("sqs") + tasks / _MILLION * _price("sqs_fair")


def _watching(size: Size) -> float:
    fixed = 60 * _price("metric") + 20 * _price("alarm") + 4 * _price("dashboard")
    lines = size.pictures * (_per_picture("requests") + 6) * 0.5 / _MILLION  # half a KB each
    return fixed + (0.3 + lines) * _price("logs")


def tables() -> str:
    """The three tables of docs/deploy.md as Markdown."""
    prices = PRICES | {f"edge_gb_{n}": _edge_fact(n) for n in range(len(EDGE_GB))}
    return "\n\n".join([_bill_table(), _fact_table("price", prices), _fact_table("assumed", WORKLOAD)]) + "\n"


def _bill_table() -> str:
    bills = [bill(size) for size in SIZES]
    totals = [sum(one.values()) for one in bills]
    rows = [[name, *(_dollars(one[name]) for one in bills)] for name in bills[0]]
    rows.append(["**together, $ a month**", *(f"**{_dollars(total)}**" for total in totals)])
    rows.append(["$ per thousand pictures", "", *(_dollars(1000 * t / s.pictures) for t, s in _loaded(totals))])
    rows.append(["GPU machines, mean", *(f"{machine_hours(size) / HOURS:,.2g}" for size in SIZES[:2]), *_machines()])
    return _markdown(["pictures a month", *(size.title for size in SIZES)], rows)


def _loaded(totals: Sequence[float]) -> Iterable[tuple[float, Size]]:
    return [(total, size) for total, size in zip(totals, SIZES, strict=True) if size.pictures]


def _machines() -> list[str]:
    return [f"{machine_hours(size) / HOURS:,.0f}" for size in SIZES[2:]]


def _dollars(amount: float) -> str:
    return f"{amount:,.2f}" if amount < 10 else f"{amount:,.0f}"


def _fact_table(title: str, facts: dict[str, Fact]) -> str:
    rows = [[f"`{name}`", f"{fact.value:.10g} {fact.unit}".strip(), fact.note] for name, fact in facts.items()]
    return _markdown([title, "", ""], rows)


def _edge_fact(number: int) -> Fact:
    width, price = EDGE_GB[number]
    which = f"the {'next' if number else 'first'} {width / 1000:,.0f} TB" if width < float("inf") else "what is above"
    return Fact(price, "$ a GB", f"out of CloudFront, North America and Europe: {which}")


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Print the tables."""
    sys.stdout.write(tables())


if __name__ == "__main__":
    main()
