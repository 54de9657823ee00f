"""What the pages on deploying and scaling say about costs, settings, alarms and commands is so."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from infra import costs
from infra.stacks.settings import StageSettings

_ROOT = Path(__file__).resolve().parents[2]
_PAGE = _ROOT / "docs" / "deploy.md"
_PAGES = (_PAGE, _ROOT / "docs" / "scale.md")


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


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_each_setting_that_is_named_exists(page: Path) -> None:
    groups = {
        name: field.annotation
        for name, field in StageSettings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }
    named = re.findall(rf"`({'|'.join(groups)})\.(\w+)`", page.read_text("utf-8"))
    assert named
    for group, setting in named:
        assert setting in groups[group].model_fields, f"{group}.{setting}"


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_each_command_and_file_that_is_named_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (_ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    assert set(re.findall(r"make ([a-z]+) [A-Z]+=", text)) <= targets
    files = re.findall(r"`((?:infra|tests|lambdas|contract)/[\w/.]+\.(?:py|toml))`", text)
    assert files
    for file in files:
        assert (_ROOT / file).is_file(), file


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_each_alarm_that_is_named_exists(page: Path) -> None:
    source = (_ROOT / "infra" / "stacks" / "alarms.py").read_text("utf-8")
    known = {re.sub(r"\{\w+\}-", "", name) for name in re.findall(r'^ +f?"([\w{}-]+)",$', source, flags=re.MULTILINE)}
    named = re.findall(r"`(?:<queue>-|…-)?([a-z]+(?:-[a-z0-9]+)+)`", " ".join(_about_alarms(page)))
    assert named
    assert set(named) <= known


def _about_alarms(page: Path) -> list[str]:
    return re.findall(r"alarms? (?:on expressions )?[^;|)]*", page.read_text("utf-8"))
