"""Specs on their way in and out of the database: whether one can run here, and whether it still can."""

from typing import Any

from pydantic import ValidationError

from contract import spec as specs
from contract.catalogue import Catalogue
from contract.spec import Fault, Spec, SpecInvalid
from lambdas.domain.errors import Invalid


def checked(spec: Spec, catalogue: Catalogue) -> Spec:
    """The complete spec; raises Invalid with every place that keeps it from running."""
    try:
        return specs.complete(spec, catalogue)
    except SpecInvalid as invalid:
        raise Invalid([Fault(("spec", *fault.loc), fault.msg) for fault in invalid.faults]) from None


def stored(spec: dict[str, Any], *, number: int) -> Spec:
    """The spec of a version as it was saved; raises Invalid when the rules have changed since."""
    try:
        return Spec.model_validate(spec)
    except ValidationError:
        msg = f"version {number} was saved under older rules: make a new one from its prompts"
        raise Invalid([Fault(("version",), msg)]) from None
