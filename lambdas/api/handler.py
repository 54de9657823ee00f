"""The Lambda function behind `/api`: API Gateway events in, answers out; and nobody comes in past CloudFront."""

import json
from hmac import compare_digest
from typing import Any

from mangum import Mangum
from mangum.types import LambdaContext, LambdaEvent

from contract.metrics import Meter
from lambdas.api.app import create_app
from lambdas.api.settings import Settings


class OriginHandler(Mangum):
    """Mangum, for callers that know the origin secret: the API's own address is public, and the page's is meant.

    Past CloudFront there would be no firewall, no cache, and no address of the viewer that can be trusted.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(create_app(settings), lifespan="off")
        secret = settings.origin_secret
        self._secret = secret.get_secret_value().encode() if secret else None

    def __call__(self, event: LambdaEvent, context: LambdaContext) -> dict[str, Any]:
        if self._secret is not None:
            given: str = event.get("headers", {}).get("x-origin-secret", "")
            if not compare_digest(given.encode(), self._secret):
                return _refusal(context.aws_request_id)
        return super().__call__(event, context)


def _refusal(request_id: str) -> dict[str, Any]:
    return {
        "statusCode": 403,
        "headers": {"content-type": "application/problem+json", "cache-control": "no-store"},
        "body": json.dumps(
            {
                "type": "about:blank",
                "title": "You may not do this",
                "status": 403,
                "code": "forbidden",
                "detail": "This address is not for callers: use the site's own.",
                "request_id": request_id,
            }
        ),
    }


_settings = Settings()  # pyright: ignore[reportCallIssue] - from the environment
Meter(_settings.metrics_namespace).put({"ColdStarts": 1}, of="api")
handler = OriginHandler(_settings)
