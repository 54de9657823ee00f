"""Faults: a closed list of codes, each with its sentence, and nothing of what was sent."""

import string
from typing import Annotated

import pytest
from pydantic import AfterValidator, TypeAdapter, ValidationError

from contract.faults import SENTENCES, Fault, FaultCode, refusal, sentence


def placeholders(code: FaultCode) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(SENTENCES[code]) if name}


def test_every_code_has_a_sentence() -> None:
    assert set(SENTENCES) == set(FaultCode)


@pytest.mark.parametrize("code", FaultCode)
def test_a_sentence_is_made_of_its_values(code: FaultCode) -> None:
    said = sentence(code, dict.fromkeys(placeholders(code), "x"))
    assert said == said.strip()
    assert "{x}" not in said.replace("{{x}}", "")


def test_lists_and_numbers_are_spoken() -> None:
    assert Fault((), FaultCode.NOT_ONE_OF, {"known": ["a", "b"]}).msg == "must be one of: a, b"
    assert Fault((), FaultCode.UNKNOWN_INPUT, {"known": []}).msg.endswith("it takes: none")
    assert Fault((), FaultCode.TOO_COSTLY, {"cost": 13422, "maximum": 500}).msg.startswith("costs 13,422 mega")
    assert Fault((), FaultCode.ABOVE_MAXIMUM, {"maximum": 0.05}).msg == "must be at most 0.05"
    assert "{{photo}}" in Fault((), FaultCode.PICTURE_REFERENCE_NEEDED).msg


def test_a_fault_is_seen_from_further_out() -> None:
    inner = Fault(("prompt",), FaultCode.MISSING)
    assert inner.below("steps", 0) == Fault(("steps", 0, "prompt"), FaultCode.MISSING)


def test_a_validator_raises_the_same_fault() -> None:
    def never(_value: str) -> str:
        raise refusal(FaultCode.RESERVED_HANDLE, prefixes=["guest-", "{curly}"])

    with pytest.raises(ValidationError) as refused:
        TypeAdapter(Annotated[str, AfterValidator(never)]).validate_python("guest-1")
    (error,) = refused.value.errors()
    assert (error["type"], error["msg"]) == ("reserved_handle", "must not begin with: guest-, {curly}")
    assert error["ctx"]["prefixes"] == ["guest-", "{curly}"]
