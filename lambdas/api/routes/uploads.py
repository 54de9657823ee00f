"""Uploading a picture for a run to start from."""

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from lambdas.actions import uploads
from lambdas.api.deps import Caller, OutsideTurn, Services
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.operation import Upload

router = StrictRouter(prefix="/uploads", tags=["runs"])

_TYPES = ("image/png", "image/jpeg", "image/webp")
_BODY: dict[str, Any] = {"content": {t: {"schema": {"type": "string", "format": "binary"}} for t in _TYPES}}


async def _picture(request: Request, _caller: Caller) -> bytes:
    declared_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared_type not in (*_TYPES, "application/octet-stream"):
        raise HTTPException(415, f"Send the picture's bytes with a Content-Type of {', '.join(_TYPES)}.")
    return await request.body()


@router.post(
    "",
    status_code=201,
    responses=declared(401, 403, 409, 413, 415, 422),
    openapi_extra={"requestBody": _BODY | {"required": True}},
)
def create_upload(
    data: Annotated[bytes, Depends(_picture)], caller: Caller, services: Services, _turn: OutsideTurn
) -> Upload:
    """Upload a PNG, JPEG or WebP picture of up to 4 MB; its id is the value of an image input."""
    # The picture stands first, so that whoever sends slowly takes nobody's turn.
    return Upload.model_validate(uploads.create(services, caller, data))
