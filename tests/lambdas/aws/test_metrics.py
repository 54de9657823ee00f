"""Metrics go into the log as CloudWatch reads them."""

import json

import pytest

from lambdas.aws import metrics


def test_a_line_holds_what_cloudwatch_needs(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.emit("Atelier/small", {"Backlog": 7}, units={"Backlog": "Count"}, dimensions={"Queue": "image"})
    line = json.loads(capsys.readouterr().out)
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Atelier/small",
        "Dimensions": [["Queue"]],
        "Metrics": [{"Name": "Backlog", "Unit": "Count"}],
    }
    assert (line["Queue"], line["Backlog"]) == ("image", 7)
    assert isinstance(line["_aws"]["Timestamp"], int)


def test_without_a_namespace_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.emit("", {"Backlog": 7}, units={"Backlog": "Count"}, dimensions={"Queue": "image"})
    assert capsys.readouterr().out == ""
