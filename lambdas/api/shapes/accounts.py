"""Accounts, sessions and keys as the API takes and shows them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import MISSING, AfterValidator, StringConstraints

from contract.faults import FaultCode, refusal
from contract.text import VISIBLE_PATTERN, Composed, Storable, Visible
from lambdas.actions import accounts as actions
from lambdas.api.shapes.base import Answer, Body, Handle, Moment, Page
from lambdas.store import accounts
from lambdas.store.guests import HANDLE_PREFIX

EMAIL_PATTERN = r"^[^@\s]+@[^@\s]+\.[^@\s.]+$"
_KEPT_PREFIXES = (HANDLE_PREFIX, "deleted-")


def _free_prefix(handle: str) -> str:
    if handle.startswith(_KEPT_PREFIXES):
        raise refusal(FaultCode.RESERVED_HANDLE, prefixes=_KEPT_PREFIXES)
    return handle


NewHandle = Annotated[Handle, AfterValidator(_free_prefix)]
Email = Annotated[str, StringConstraints(max_length=254, pattern=EMAIL_PATTERN), Storable]
Password = Annotated[str, StringConstraints(min_length=10, max_length=200), Storable]
KnownPassword = Annotated[str, StringConstraints(max_length=200), Storable]
About = Annotated[str, StringConstraints(max_length=2_000), Storable, Composed]


class AccountIn(Body):
    """Sign up."""

    handle: NewHandle
    email: Email
    password: Password


class AccountPatch(Body):
    """What to change; a guest that gives handle, email and password has a full account from then on."""

    handle: NewHandle | MISSING = MISSING
    email: Email | MISSING = MISSING
    password: Password | MISSING = MISSING
    about: About | MISSING = MISSING
    current_password: KnownPassword | MISSING = MISSING


class SessionIn(Body):
    """Sign in by handle or email address."""

    login: Annotated[str, StringConstraints(min_length=1, max_length=254), Storable]
    password: KnownPassword


class Quota(Answer):
    """What may be used until it renews, and what has been."""

    used: int
    limit: int


class Account(Answer):
    """One's own account."""

    id: UUID
    handle: str
    email: str | None
    guest: bool
    about: str
    joined_at: datetime
    quotas: dict[str, Quota]

    @classmethod
    def of(cls, row: accounts.Account, *, quotas: Mapping[str, actions.Quota]) -> "Account":
        """The answer for a row of the store, with what limits it."""
        return cls(
            id=row.id,
            handle=row.handle,
            email=row.email,
            guest=row.guest,
            about=row.about,
            joined_at=row.created_at,
            quotas={name: Quota.model_validate(quota) for name, quota in quotas.items()},
        )


class ProfileCounts(Answer):
    """How much of an account's work is public."""

    pipelines: int
    results: int


class Profile(Answer):
    """An account as everybody sees it."""

    handle: str
    about: str
    joined_at: datetime
    counts: ProfileCounts

    @classmethod
    def of(cls, row: accounts.Profile) -> "Profile":
        """The answer for a row of the store."""
        counts = ProfileCounts(pipelines=row.pipelines, results=row.results)
        return cls(handle=row.handle, about=row.about, joined_at=row.created_at, counts=counts)


KeyName = Annotated[
    str, StringConstraints(min_length=1, max_length=100, pattern=VISIBLE_PATTERN), Storable, Visible, Composed
]


class KeyIn(Body):
    """A key to make; without `expires_at` it works until it is deleted."""

    name: Annotated[
        str, StringConstraints(min_length=1, max_length=100, pattern=VISIBLE_PATTERN), Storable, Visible, Composed
    ]
    expires_at: Moment | MISSING = MISSING


class Key(Answer):
    """A key as it is listed."""

    id: UUID
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class KeyCreated(Answer):
    """A new key; `key` is shown this once."""

    id: UUID
    name: str
    key: str
    prefix: str
    expires_at: datetime | None


class KeyPage(Page[Key]):
    """One's keys, newest first."""
