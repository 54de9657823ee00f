"""What can go wrong for a reason that the caller can mend; one table in the API maps each to a problem document."""

from contract.faults import Fault


class DomainError(Exception):
    """A rule said no; `str(error)` is a sentence for the caller."""


class NotFound(DomainError):
    """It does not exist, or the caller may not know that it does."""


class NotSignedIn(DomainError):
    """The call needs an account, and no valid session or key came with it."""


class WrongLogin(DomainError):
    """No account has this login with this password."""


class Conflict(DomainError):
    """The state of things forbids it."""


class HandleTaken(Conflict):
    """Another account has this handle."""


class EmailTaken(Conflict):
    """Another account has this email address."""


class OwnPipeline(Conflict):
    """Nobody rates their own pipeline."""


class RunNotSucceeded(Conflict):
    """Only a run that succeeded can be published."""


class PipelineDeleted(Conflict):
    """A deleted pipeline can be read but no longer used."""


class IdempotencyConflict(Conflict):
    """An Idempotency-Key was used for another body within the last day."""


class RunPublished(Conflict):
    """A published run must be withdrawn before it can go."""


class RunNotFailed(Conflict):
    """Only a run that failed or was cancelled can go on from there."""


class ModelGone(Conflict):
    """A version names a model that this deployment does not offer."""


class Forbidden(DomainError):
    """The account may not do it, whatever the state of things."""


class FullAccountNeeded(Forbidden):
    """Guests may not do it."""


class WrongOrigin(Forbidden):
    """A browser sent the call from another site, or did not say from which."""


class WrongPassword(Forbidden):
    """The current password is needed to change what an account signs in with."""


class LimitReached(DomainError):
    """A quota is used up; `retry_after_seconds` says when it is not."""

    def __init__(self, message: str, *, retry_after_seconds: int) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class TooLarge(DomainError):
    """More bytes or pixels than are taken."""


class BadCursor(DomainError):
    """A cursor that this list did not give out for these filters."""


class NotAPicture(DomainError):
    """Bytes that are no PNG, JPEG or WebP picture."""


class Invalid(DomainError):
    """Fields that break a rule which needs the database or the catalogue to see."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(fault.msg for fault in faults))
        self.faults = faults
