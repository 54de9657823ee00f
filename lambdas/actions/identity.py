"""Who calls an action: how they say who they are, and the account that this comes to."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from lambdas.domain.errors import FullAccountNeeded, NotSignedIn
from lambdas.store import accounts, keys, sessions
from lambdas.store.accounts import Account


@dataclass(frozen=True, slots=True)
class Identity:
    """A key or a session, of which only the hash is carried about, and the network that the call comes from."""

    network: str
    """A /24 or /56 in CIDR notation."""
    key_hash: bytes | None = None
    session_hash: bytes | None = None

    @classmethod
    def of_key(cls, key: str, *, network: str) -> "Identity":
        """Whoever has this key."""
        return cls(network=network, key_hash=keys.hash_of(key))

    @classmethod
    def of_session(cls, token: str, *, network: str) -> "Identity":
        """Whoever has the session with this token."""
        return cls(network=network, session_hash=sessions.hash_of(token))


def viewer(conn: Connection[Any], identity: Identity | None) -> Account | None:
    """The account that looks; None for nobody and for a session that has ended. Raises NotSignedIn for a bad key."""
    if identity is None:
        return None
    if identity.key_hash is None:
        return accounts.of_session(conn, identity.session_hash or b"")
    account = accounts.of_key(conn, identity.key_hash)
    if account is None:
        raise NotSignedIn("This key is unknown or has expired.")
    return account


def reader(conn: Connection[Any], identity: Identity) -> Account:
    """The account that asks for what is its own; raises NotSignedIn."""
    account = viewer(conn, identity)
    if account is None:
        raise not_signed_in()
    return account


def writer(tx: Connection[Any], identity: Identity) -> Account:
    """The account that changes something, held until the transaction ends; raises NotSignedIn.

    While it is held nobody erases it: an account that is gone leaves nothing behind that was made meanwhile.
    """
    account = reader(tx, identity)
    if not accounts.hold(tx, account.id):
        raise not_signed_in()
    return account


def full_writer(tx: Connection[Any], identity: Identity) -> Account:
    """The same for what guests may not do; raises FullAccountNeeded."""
    account = writer(tx, identity)
    if account.guest:
        raise FullAccountNeeded("Give your guest account a handle, an email address and a password first.")
    return account


def not_signed_in() -> NotSignedIn:
    """The error for a call that needs an account and came without a key or session that is valid."""
    return NotSignedIn("Sign in, or send a key as Authorization: Bearer.")
