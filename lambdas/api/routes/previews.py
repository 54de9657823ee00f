"""A result's page with its title and picture in the head: chats and search engines run no JavaScript."""

import logging
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse

from lambdas.actions import results
from lambdas.api.deps import OutsideTurn, Services, Site
from lambdas.api.page import introduced
from lambdas.api.problems import DATABASE_AWAY
from lambdas.api.services import Services as AllServices
from lambdas.domain.errors import NotFound

log = logging.getLogger(__name__)

router = APIRouter(include_in_schema=False)


@router.api_route("/results/{id}", methods=["GET", "HEAD"])
def get_preview(
    result_id: Annotated[str, Path(alias="id")], services: Services, site: Site, _turn: OutsideTurn
) -> HTMLResponse:
    """The page; plain, and with the status that is right, when there is no such result."""
    if services.page is None:
        raise NotFound
    html = services.page.html()
    try:
        result = _find(services, result_id)
    except DATABASE_AWAY:
        # The page says better than a problem document that the service does not answer.
        log.exception("no preview")
        return _answer(html, status=503)
    if result is None:
        return _answer(html, status=404)
    return _answer(introduced(html, result, origin=site.origin), status=200)


def _find(services: AllServices, result_id: str) -> dict[str, Any] | None:
    try:
        wanted = UUID(result_id)
    except ValueError:
        return None
    return results.card(services, wanted)


def _answer(html: str, *, status: int) -> HTMLResponse:
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-cache"})
