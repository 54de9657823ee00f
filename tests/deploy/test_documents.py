"""What the pages on deploying and scaling say about costs, settings, alarms and commands is so."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.session import get_session
from pydantic import BaseModel

from contract.keys import PROMPT_LIST
from infra import costs, prices
from infra.stacks.settings import StageSettings
from tests.deploy.test_upgrade import RESTORE_OPTIONS

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
    for name, fact in prices.PRICES.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(prices.PRICES, name, prices.Fact(fact.value * 2, fact.unit, fact.note))
            assert {size.title: sum(costs.bill(size).values()) for size in costs.SIZES} != whole, name


@pytest.mark.parametrize("facts", [prices.STANDING, prices.WORKLOAD], ids=["there is", "assumed"])
def test_each_number_beside_the_prices_is_used(facts: dict[str, prices.Fact]) -> None:
    whole = sum(costs.bill(costs.SIZES[-1]).values())
    for name, fact in facts.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(facts, name, prices.Fact(fact.value * 2, fact.unit, fact.note))
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


def _commands(program: str) -> list[list[str]]:
    """The words of each command of a program on the page, in blocks and in sentences."""
    text = _PAGE.read_text("utf-8").replace("\\\n", " ")
    return [shlex.split(line) for line in re.findall(rf"(?:^|`)({program}[^`\n]+)", text, flags=re.MULTILINE)]


@pytest.mark.parametrize("command", _commands("aws"), ids=lambda words: " ".join(words[1:3]))
def test_each_command_of_aws_is_one_that_aws_has(command: list[str]) -> None:
    """Services, operations and options, compared with what AWS itself says that there are and have to be."""
    _, service, operation, *rest = command
    service = service.removesuffix("api")  # the command line's `s3api` is the service `s3`
    options = {word for word in rest if word.startswith("--")}
    if (service, operation) == ("s3", "cp"):  # of the command line alone, which no service model knows
        assert " ".join(rest) == f"prompts.txt s3://<the models bucket>/{PROMPT_LIST}"
        return
    if operation == "wait":
        waiters = get_session().get_waiter_model(service).waiter_names
        assert rest[0] in {xform_name(name, "-") for name in waiters}
        return
    model = get_session().get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    inputs = model.operation_model(operations[operation]).input_shape
    names = {name: f"--{xform_name(name, '-')}" for name in (inputs.members if inputs else ())}
    switches = {f"--no-{xform_name(name, '-')}" for name in names if inputs.members[name].type_name == "boolean"}
    assert options <= {"--region", "--query", *names.values(), *switches}
    given = {option.replace("--no-", "--") for option in options}
    assert {names[name] for name in (inputs.required_members if inputs else ())} <= given


def test_a_database_is_restored_with_the_options_that_the_tests_restore_with() -> None:
    ((_, *words),) = _commands("pg_restore")
    assert {word for word in words if word.startswith("--")} == {*RESTORE_OPTIONS, "--dbname"}


def test_models_are_synced_with_the_options_that_the_program_has() -> None:
    commands = _commands(r"\.venv/bin/python -m gpu_worker")
    assert len(commands) == 2, "the catalogue's models, and the classifier"
    program = [sys.executable, *commands[0][1:4], "--help"]
    done = subprocess.run(program, cwd=_ROOT, capture_output=True, text=True, check=True)
    options = {word for words in commands for word in words if word.startswith("--")}
    assert {option for option in options if option not in done.stdout} == set()


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_each_alarm_that_is_named_exists(page: Path) -> None:
    source = (_ROOT / "infra" / "stacks" / "alarms.py").read_text("utf-8")
    known = {re.sub(r"\{\w+\}-", "", name) for name in re.findall(r'^ +f?"([\w{}-]+)",$', source, flags=re.MULTILINE)}
    named = re.findall(r"`(?:<queue>-|…-)?([a-z]+(?:-[a-z0-9]+)+)`", " ".join(_about_alarms(page)))
    assert named
    assert set(named) <= known


def _about_alarms(page: Path) -> list[str]:
    return re.findall(r"alarms? (?:on expressions )?[^;|)]*", page.read_text("utf-8"))
