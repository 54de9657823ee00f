"""Uploading a picture for a run to start from."""

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.exceptions import HTTPException

from contract.keys import upload_key
from contract.limits import MAX_UPLOAD_PIXELS, MAX_UPLOAD_SIDE
from lambdas.api.deps import Caller, Services, Tx, is_anonymous, not_signed_in
from lambdas.api.problems import declared
from lambdas.api.routing import StrictRouter
from lambdas.api.shapes.operation import Upload
from lambdas.domain.errors import TooLarge
from lambdas.domain.pictures import Header, read_header
from lambdas.store import uploads

router = StrictRouter(prefix="/uploads", tags=["runs"])

_TYPES = ("image/png", "image/jpeg", "image/webp")
_BODY: dict[str, Any] = {"content": {t: {"schema": {"type": "string", "format": "binary"}} for t in _TYPES}}


async def _picture(request: Request) -> bytes:
    if is_anonymous(request):
        raise not_signed_in()
    declared_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared_type not in (*_TYPES, "application/octet-stream"):
        raise HTTPException(415, f"Send the picture's bytes with a Content-Type of {', '.join(_TYPES)}.")
    return await request.body()


@router.post(
    "",
    status_code=201,
    responses=declared(401, 403, 413, 415, 422),
    openapi_extra={"requestBody": _BODY | {"required": True}},
)
def create_upload(data: Annotated[bytes, Depends(_picture)], caller: Caller, services: Services, tx: Tx) -> Upload:
    """Upload a PNG, JPEG or WebP picture of up to 4 MB; its id is the value of an image input."""
    # The picture stands first, so that whoever sends slowly keeps no connection to the database waiting.
    header = read_header(data)
    _check_size(header)
    hours = services.settings.upload_hours
    upload = uploads.create(tx, header, account_id=caller.id, size=len(data), hours=hours)
    # Before the commit: an object without a row goes with the bucket's lifecycle, a row without an object is a lie.
    services.s3.put_object(
        Bucket=services.settings.media_bucket,
        Key=upload_key(upload.id),
        Body=data,
        ContentType=f"image/{header.format}",
    )
    return Upload.model_validate(upload)


def _check_size(header: Header) -> None:
    if max(header.width, header.height) > MAX_UPLOAD_SIDE or header.width * header.height > MAX_UPLOAD_PIXELS:
        raise TooLarge(
            f"The picture measures {header.width} by {header.height} pixels; at most {MAX_UPLOAD_SIDE} a side and "
            f"{MAX_UPLOAD_PIXELS // 1024 // 1024} megapixels are taken."
        )
