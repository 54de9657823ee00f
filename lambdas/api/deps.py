"""What routes ask for: a transaction, the caller, the catalogue, and sending after the commit."""

import ipaddress
import logging
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from psycopg import Connection

from contract.catalogue import Catalogue as ModelCatalogue
from lambdas.api.services import Services as AllServices
from lambdas.domain.errors import FullAccountNeeded, NotSignedIn, WrongOrigin
from lambdas.store import accounts, keys, sessions
from lambdas.store.accounts import Account

_LOG = logging.getLogger(__name__)

SESSION_COOKIE = "atelier_session"
SECURITY: list[dict[str, list[str]]] = [{"session": []}, {"key": []}]
"""How a call that needs an account may be sent, for the OpenAPI document."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_UNKNOWN_NETWORK = "0.0.0.0/24"


# Dependencies that touch no database are coroutines: FastAPI sends every other one to a thread, 0.1 ms each way.
async def _services(request: Request) -> AllServices:
    return request.app.state.services  # type: ignore[no-any-return]


Services = Annotated[AllServices, Depends(_services)]


async def _catalogue(services: Services) -> ModelCatalogue:
    return services.catalogue


Catalogue = Annotated[ModelCatalogue, Depends(_catalogue)]


@dataclass(slots=True)
class AfterCommit:
    """What a request sends once its transaction has committed, in order.

    A send that fails is logged and forgotten: the database holds the truth and sweep sends again.
    """

    _sends: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])

    def add(self, send: Callable[[], object]) -> None:
        """Call `send` after the commit; never when the transaction fails."""
        self._sends.append(send)

    def deliver(self) -> None:
        """Send everything; called by the transaction alone."""
        for send in self._sends:
            try:
                send()
            except Exception:  # noqa: BLE001 - an edge: the work is committed, nothing may undo the answer
                _LOG.exception("not sent after commit")


async def _sends() -> AfterCommit:
    return AfterCommit()


Sends = Annotated[AfterCommit, Depends(_sends)]


async def _database_turn(services: Services) -> AsyncIterator[None]:
    async with services.database_turns:
        yield


DatabaseTurn = Annotated[None, Depends(_database_turn, scope="function")]


@contextmanager
def transaction(services: AllServices) -> Generator[Connection[Any]]:
    """A short transaction of its own, for calls that hash a password between two of them."""
    with services.pool.connection() as conn, conn.transaction():
        yield conn


def _transaction(services: Services, sends: Sends, _turn: DatabaseTurn) -> Iterator[Connection[Any]]:
    with transaction(services) as conn:
        yield conn
    sends.deliver()


# With the default scope the answer would leave before the commit, and a failed commit would answer 201.
Tx = Annotated[Connection[Any], Depends(_transaction, scope="function")]


async def _hashing_turn(services: Services) -> AsyncIterator[None]:
    async with services.hashing_turns:
        yield


HashingTurn = Annotated[None, Depends(_hashing_turn, scope="function")]


@dataclass(frozen=True, slots=True)
class SiteView:
    """The site as the viewer's browser sees it, and the network that the viewer comes from."""

    origin: str
    network: str
    """A /24 or /56 in CIDR notation."""


async def _site(request: Request, services: Services) -> SiteView:
    headers = request.headers
    host, address = headers.get("host", ""), request.client.host if request.client else ""
    secret = services.settings.origin_secret
    if secret and compare_digest(headers.get("x-origin-secret", "").encode(), secret.get_secret_value().encode()):
        host = headers.get("x-forwarded-host", host)
        address = headers.get("x-viewer-address", address)
    return SiteView(origin=f"{services.settings.site_scheme}://{host}".lower(), network=network_of(address))


def network_of(address: str) -> str:
    """The /24 (IPv4) or /56 (IPv6) of an address; all unreadable addresses share one network."""
    try:
        ip = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return _UNKNOWN_NETWORK
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False))


Site = Annotated[SiteView, Depends(_site)]


async def same_origin(request: Request) -> None:
    """Refuse unsafe calls that a browser sends from elsewhere; every route depends on it.

    A key cannot be sent by another site's page, so it needs no Origin; neither does a client without cookies.
    """
    # The site is looked at by hand: as a dependency it would cost every call what only these calls need.
    if request.method in _SAFE_METHODS or "authorization" in request.headers:
        return
    origin = request.headers.get("origin")
    if origin is None and SESSION_COOKIE not in request.cookies:
        return
    site = await _site(request, await _services(request))
    if origin != site.origin:
        raise WrongOrigin(f"With a cookie, the Origin header must be {site.origin}.")


def is_anonymous(request: Request) -> bool:
    """Whether a request comes without key and session, so that nobody has to be looked for."""
    return "authorization" not in request.headers and SESSION_COOKIE not in request.cookies


async def takes_caller(request: Request, tx: Tx) -> Account | None:
    """The account that sends this request, or None."""
    if is_anonymous(request):
        return None
    return await run_in_threadpool(identify, request, tx)


def identify(request: Request, tx: Connection[Any]) -> Account | None:
    """Who sends this request; None without key or session, NotSignedIn for a key that is not valid."""
    authorization = request.headers.get("authorization")
    if authorization is not None:
        scheme, _, key = authorization.partition(" ")
        account = accounts.of_key(tx, keys.hash_of(key)) if scheme.lower() == "bearer" else None
        if account is None:
            raise NotSignedIn("This key is unknown or has expired.")
        return account
    token = request.cookies.get(SESSION_COOKIE)
    return accounts.of_session(tx, sessions.hash_of(token)) if token else None


MaybeCaller = Annotated[Account | None, Depends(takes_caller)]


async def needs_caller(account: MaybeCaller) -> Account:
    """The account that sends this request; raises NotSignedIn."""
    return signed_in(account)


def signed_in(account: Account | None) -> Account:
    """The account, or NotSignedIn."""
    if account is None:
        raise not_signed_in()
    return account


def not_signed_in() -> NotSignedIn:
    """The error for a call that needs an account and came without key and session."""
    return NotSignedIn("Sign in, or send a key as Authorization: Bearer.")


Caller = Annotated[Account, Depends(needs_caller)]


async def _full_caller(account: Caller) -> Account:
    if account.guest:
        raise FullAccountNeeded("Give your guest account a handle, an email address and a password first.")
    return account


FullCaller = Annotated[Account, Depends(_full_caller)]
