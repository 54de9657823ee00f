"""`python -m infra.costs`: what a deployment costs a month, as tables for docs/deploy.md; what there is, stacks/ says.

Everything that a figure rests on is stated in prices.py and printed beside it. Change a line there, run this, and
compare.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.prices import EDGE_GB, PRICES, STANDING, WORKLOAD, Fact

HOURS = 730
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Size:
    """A deployment and its load."""

    title: str
    pictures: float
    """A month."""
    database: str
    zones: int = 1
    is_large: bool = False
    """With what the example stage `large` has on top: proxy, endpoints, firewall."""
    on_demand: int = 0
    """GPU machines that are not spot: those that are there at all come first."""
    busy: float = 1.0
    """Of the time that a GPU machine is paid for: few pictures come in drops that each wake a machine."""
    batch: float = 1.0
    """Events that one call of `advance` hears."""


SIZES = (
    Size("idle", 0, "db.t4g.micro"),
    Size("10 thousand", 10_000, "db.t4g.micro", busy=0.1, batch=1.5),
    Size("1 million", _MILLION, "db.t4g.medium", busy=0.6, batch=3),
    Size("100 million", 100 * _MILLION, "db.t4g.2xlarge", zones=2, is_large=True, on_demand=2, busy=0.8, batch=8),
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
        "endpoints and firewall": _shielding(size),
        "logs, metrics, alarms": _watching(size),
    }


def _price(name: str) -> float:
    return PRICES[name].value


def _stands(name: str) -> float:
    return STANDING[name].value


def _assumed(name: str) -> float:
    return WORKLOAD[name].value


def _millions(size: Size, name: str) -> float:
    return size.pictures * _assumed(name) / _MILLION


def machine_hours(size: Size) -> float:
    """Hours of GPU machines that are paid for in a month."""
    return size.pictures * _assumed("gpu_seconds") / 3600 / size.busy * (1 + _assumed("boot"))


def _gpus(size: Size) -> float:
    hours = machine_hours(size)
    on_demand = min(hours, size.on_demand * HOURS)
    # Each has a disk and an address for as long as it lives.
    beside = _stands("disk_gb") * _price("disk") / HOURS + _price("address")
    return _price("gpu") * (on_demand + (hours - on_demand) * _price("spot")) + hours * beside


def _database(size: Size) -> float:
    rows = size.pictures * _assumed("row_kb") * _assumed("months") / _MILLION
    storage = (_stands("db_gb") + _assumed("row_growth") * rows) * _price("db_storage")
    proxy = _stands("proxy_vcpus") * _price("db_proxy") * HOURS if size.is_large else 0
    return size.zones * (_price(size.database) * HOURS + storage) + proxy


def stored_gb(size: Size) -> float:
    """GB of media after the months that WORKLOAD names."""
    gone = 1 - _assumed("kept")
    months = gone * (1 + _stands("undo")) + _assumed("kept") * _assumed("months")
    return size.pictures * months * (_assumed("picture_mb") + _assumed("thumb_mb")) / 1000


def _storage(size: Size) -> float:
    return (stored_gb(size) + _assumed("models_gb")) * _price("s3") + _millions(size, "writes") * _price("s3_put")


def delivered_gb(size: Size) -> float:
    """GB out of CloudFront in a month."""
    pictures = _assumed("views") * _assumed("picture_mb") + _assumed("thumbs") * _assumed("thumb_mb")
    return size.pictures * (pictures + _assumed("requests") * _assumed("answer_mb")) / 1000


def _files(size: Size) -> float:
    return _millions(size, "thumbs") + _millions(size, "views")


def _delivery(size: Size) -> float:
    calls = _files(size) + _millions(size, "requests")
    # Only the API's requests pass a function.
    requests = calls * _price("edge_call") + _files(size) * _assumed("missed") * _price("s3_get")
    return requests + _millions(size, "requests") * _price("edge_function") + _tiered(delivered_gb(size))


def _tiered(gigabytes: float) -> float:
    dollars = 0.0
    for width, price in EDGE_GB:
        part = min(gigabytes, width)
        dollars += part * price
        gigabytes -= part
    return dollars


def _functions(size: Size) -> float:
    sweeps = _stands("sweeps") * HOURS
    batches = size.pictures * _assumed("tasks") * _assumed("events") / size.batch
    requests = size.pictures * _assumed("requests")
    handlers = _stands("handler_gb") * (batches * _assumed("advance_s") + sweeps * _assumed("sweep_s"))
    busy = requests * _assumed("api_s") * _stands("api_gb") + handlers
    calls = (requests + batches + sweeps) / _MILLION * _price("lambda_call")
    secrets = _stands("secrets") * _price("secret")
    return busy * _price("lambda") + calls + requests / _MILLION * _price("http_api") + secrets


def _queues(size: Size) -> float:
    polls = (_assumed("polls") * HOURS + _assumed("machine_polls") * machine_hours(size)) * 60
    tasks = size.pictures * _assumed("tasks")
    # Send, receive, prolong and delete a task, each by itself; events come by themselves and leave in batches.
    requests = 4 * tasks + tasks * _assumed("events") * (1 + 2 / size.batch)
    return (polls + requests) / _MILLION * _price("sqs") + tasks / _MILLION * _price("sqs_fair")


def _shielding(size: Size) -> float:
    if not size.is_large:
        return 0
    calls = _files(size) + _millions(size, "requests")
    standing = _stands("endpoints") * _price("endpoint") * HOURS + _price("firewall")
    return standing + calls * _price("firewall_call")


def _watching(size: Size) -> float:
    fixed = sum(_stands(f"{name}s") * _price(name) for name in ("metric", "alarm", "dashboard"))
    lines = size.pictures * (_assumed("requests") + 6) * _assumed("log_kb") / _MILLION
    return fixed + (_assumed("idle_log_gb") + lines) * _price("logs")


def tables() -> str:
    """The tables of docs/deploy.md as Markdown."""
    prices = PRICES | {f"edge_gb_{n}": _edge_fact(n) for n in range(len(EDGE_GB))}
    facts = {"price": prices, "there is": STANDING, "assumed": WORKLOAD}
    return "\n\n".join([_bill_table(), *(_fact_table(title, each) for title, each in facts.items())]) + "\n"


def _bill_table() -> str:
    bills = [bill(size) for size in SIZES]
    totals = [sum(one.values()) for one in bills]
    rows = [[name, *(_dollars(one[name]) for one in bills)] for name in bills[0]]
    rows.append(["**together, $ a month**", *(f"**{_dollars(total)}**" for total in totals)])
    rows.append(["$ per thousand pictures", "", *(_dollars(1000 * t / s.pictures) for t, s in _loaded(totals))])
    rows.append(["GPU machines, mean", *(f"{machine_hours(size) / HOURS:,.2g}" for size in SIZES[:2]), *_machines()])
    rows.append(["of their time at work", "", *(f"{size.busy:.0%}" for size in SIZES[1:])])
    rows.append(["events that are heard together", "", *(f"{size.batch:g}" for size in SIZES[1:])])
    rows.append(["`database.size`", *(_database_size(size) for size in SIZES)])
    return _markdown(["pictures a month", *(size.title for size in SIZES)], rows)


def _loaded(totals: Sequence[float]) -> Iterable[tuple[float, Size]]:
    return [(total, size) for total, size in zip(totals, SIZES, strict=True) if size.pictures]


def _machines() -> list[str]:
    return [f"{machine_hours(size) / HOURS:,.0f}" for size in SIZES[2:]]


def _database_size(size: Size) -> str:
    name = size.database.rpartition(".")[2]
    return f"{name}, two zones, proxy" if size.is_large else name


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
