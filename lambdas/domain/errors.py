"""What can go wrong for a reason that the caller can mend; one table in the API maps each to a problem document."""

from contract.spec import Fault


class DomainError(Exception):
    """A rule said no; `str(error)` is a sentence for the caller."""


class NotFound(DomainError):
    """It does not exist, or the caller may not know that it does."""


class Conflict(DomainError):
    """The state of things forbids it."""


class Forbidden(DomainError):
    """The account may not do it, whatever the state of things."""


class LimitReached(DomainError):
    """A quota is used up; `retry_after_seconds` says when it is not."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class Invalid(DomainError):
    """Fields that break a rule which needs the database or the catalogue to see."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.msg for fault in faults))
        self.faults = faults
