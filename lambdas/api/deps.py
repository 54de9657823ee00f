"""What routes ask for: the services, who calls and from where, and a turn at what takes long."""

import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends, Request

from lambdas.actions.identity import Identity, not_signed_in
from lambdas.api.services import Services as AllServices
from lambdas.domain.errors import NotSignedIn, WrongOrigin

SESSION_COOKIE = "atelier_session"
SECURITY: list[dict[str, list[str]]] = [{"session": []}, {"key": []}]
"""How a call that needs an account may be sent, for the OpenAPI document."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_UNKNOWN_NETWORK = "0.0.0.0/24"


# Dependencies are coroutines: FastAPI sends every other one to a thread, 0.1 ms each way.
async def _services(request: Request) -> AllServices:
    return request.app.state.services  # type: ignore[no-any-return]


Services = Annotated[AllServices, Depends(_services)]


async def _hashing_turn(services: Services) -> AsyncIterator[None]:
    async with services.hashing_turns:
        yield


HashingTurn = Annotated[None, Depends(_hashing_turn, scope="function")]
"""For calls that hash a password."""


async def _outside_turn(services: Services) -> AsyncIterator[None]:
    async with services.outside_turns:
        yield


OutsideTurn = Annotated[None, Depends(_outside_turn, scope="function")]
"""For calls that ask S3 or SQS: when those hang, the others still have threads."""


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


async def identity_of(request: Request) -> Identity | None:
    """Who says to call, which the action will look up; None without key and session. Raises NotSignedIn."""
    authorization = request.headers.get("authorization")
    token = request.cookies.get(SESSION_COOKIE)
    if authorization is None and not token:
        return None
    network = (await _site(request, await _services(request))).network
    if authorization is None:
        return Identity.of_session(token or "", network=network)
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn("This key is unknown or has expired.")
    return Identity.of_key(key, network=network)


async def _session_token(request: Request) -> str | None:
    return request.cookies.get(SESSION_COOKIE)


SessionToken = Annotated[str | None, Depends(_session_token)]

MaybeCaller = Annotated[Identity | None, Depends(identity_of)]


async def needs_identity(identity: MaybeCaller) -> Identity:
    """Who says to call; raises NotSignedIn."""
    if identity is None:
        raise not_signed_in()
    return identity


Caller = Annotated[Identity, Depends(needs_identity)]
