"""What docs/deploy.md says about costs is what the script computes."""

from pathlib import Path

import pytest

from infra import costs

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"


def test_the_table_of_costs_is_the_scripts() -> None:
    inside = _PAGE.read_text("utf-8").split("<!-- costs: begin -->")[1].split("<!-- costs: end -->")[0]
    assert inside.strip() == costs.tables().strip(), "python -m infra.costs prints what belongs there"


def test_an_idle_stage_costs_what_stands_still() -> None:
    idle = costs.bill(costs.SIZES[0])
    assert idle["GPU machines"] == 0
    assert idle["media: delivery"] == 0
    assert sum(idle.values()) < 100


def test_each_price_is_used() -> None:
    whole = {size.title: sum(costs.bill(size).values()) for size in costs.SIZES}
    for name, fact in costs.PRICES.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(costs.PRICES, name, costs.Fact(fact.value * 2, fact.unit, fact.note))
            assert {size.title: sum(costs.bill(size).values()) for size in costs.SIZES} != whole, name


def test_each_assumption_is_used() -> None:
    whole = sum(costs.bill(costs.SIZES[-1]).values())
    for name, fact in costs.WORKLOAD.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(costs.WORKLOAD, name, costs.Fact(fact.value * 2, fact.unit, fact.note))
            assert sum(costs.bill(costs.SIZES[-1]).values()) != whole, name
