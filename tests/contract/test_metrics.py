"""The lines that become metrics in CloudWatch."""

import json
from datetime import UTC, datetime
from typing import get_args

import pytest

from contract.metrics import METRICS, Dimension, Meter, line

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_line_names_its_metrics_with_unit_and_dimension() -> None:
    found = json.loads(line("Atelier/small", {"RamBytes": 7.0, "VramBytes": 8}, of="text", at=NOON))
    assert found == {
        "_aws": {
            "Timestamp": 1772366400000,
            "CloudWatchMetrics": [
                {
                    "Namespace": "Atelier/small",
                    "Dimensions": [["Queue"]],
                    "Metrics": [{"Name": "RamBytes", "Unit": "Bytes"}, {"Name": "VramBytes", "Unit": "Bytes"}],
                }
            ],
        },
        "Queue": "text",
        "RamBytes": 7.0,
        "VramBytes": 8,
    }


def test_a_counter_of_the_product_has_no_dimension() -> None:
    found = json.loads(line("Atelier/small", {"Images": 2}, of=None, at=NOON))
    assert found["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]
    assert found["Images"] == 2


@pytest.mark.parametrize(
    ("values", "of"),
    [({"Images": 1}, "text"), ({"RamBytes": 1}, None), ({"RamBytes": 1, "TaskSeconds": 1}, "x"), ({}, "x")],
)
def test_metrics_that_do_not_share_a_dimension_are_refused(values: dict[str, float], of: str | None) -> None:
    with pytest.raises(ValueError, match="one dimension"):
        line("Atelier/small", values, of=of, at=NOON)


def test_without_a_namespace_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    Meter().put({"Images": 1})
    assert capsys.readouterr().out == ""
    Meter("Atelier/small").put({"Images": 1})
    assert json.loads(capsys.readouterr().out)["Images"] == 1


def test_no_metric_has_a_name_of_the_format_itself() -> None:
    assert not set(METRICS) & {"_aws", *get_args(Dimension)}
