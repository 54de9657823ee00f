"""Uploading a picture for a run to start from."""

from contract.keys import upload_key
from contract.limits import MAX_UPLOAD_PIXELS, MAX_UPLOAD_SIDE
from lambdas.actions.identity import Identity, writer
from lambdas.actions.services import Services
from lambdas.aws import media
from lambdas.domain.errors import Conflict, TooLarge
from lambdas.domain.pictures import Header, read_header
from lambdas.store import uploads
from lambdas.store.uploads import Upload


def create(services: Services, identity: Identity, data: bytes) -> Upload:
    """A new upload of a PNG, JPEG or WebP picture; raises NotAPicture, TooLarge or Conflict.

    It is pending until its bytes are stored, and no transaction is open meanwhile: sweep forgets what stays so.
    """
    header = read_header(data)
    _check_size(header)
    with services.transaction() as tx:
        account_id = writer(tx, identity).id
        hours = services.settings.upload_hours
        upload = uploads.create(tx, header, account_id=account_id, size=len(data), hours=hours)
    bucket, key = services.settings.media_bucket, upload_key(upload.id)
    media.put(services.clients.s3, bucket=bucket, key=key, data=data, content_type=f"image/{header.format}")
    with services.transaction() as tx:
        writer(tx, identity)
        if not uploads.make_ready(tx, upload.id):
            raise Conflict("The picture took too long to be stored. Send it again.")
    return upload


def _check_size(header: Header) -> None:
    if max(header.width, header.height) > MAX_UPLOAD_SIDE or header.width * header.height > MAX_UPLOAD_PIXELS:
        raise TooLarge(
            f"The picture measures {header.width} by {header.height} pixels; at most {MAX_UPLOAD_SIDE} a side and "
            f"{MAX_UPLOAD_PIXELS // 1024 // 1024} megapixels are taken."
        )
