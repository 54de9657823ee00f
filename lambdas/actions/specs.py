"""Specs on their way in and out of the database: whether one can run here, and whether it still can."""

from typing import Any

from pydantic import ValidationError

from contract import spec as specs
from contract.catalogue import Catalogue
from contract.faults import Fault, FaultCode
from contract.spec import Spec, SpecInvalid
from lambdas.domain.errors import Invalid


def checked(spec: Spec, catalogue: Catalogue) -> Spec:
    """The complete spec; raises Invalid with every place that keeps it from running."""
    try:
        return specs.complete(spec, catalogue)
    except SpecInvalid as invalid:
        raise Invalid([fault.below("spec") for fault in invalid.faults]) from None


def stored(spec: dict[str, Any]) -> Spec:
    """The spec of a version as it was saved; raises Invalid when the rules have changed since."""
    try:
        return Spec.model_validate(spec)
    except ValidationError:
        raise Invalid([Fault(("version",), FaultCode.OUTDATED_VERSION)]) from None
