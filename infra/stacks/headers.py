"""The headers that CloudFront adds to what it serves: the page's, the media's and the API's."""

from aws_cdk import Duration
from aws_cdk import aws_cloudfront as cloudfront
from constructs import Construct

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self';"
    " connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'"
)
_YEAR = Duration.days(365)


def page_headers(scope: Construct, name: str) -> cloudfront.ResponseHeadersPolicy:
    """Only what comes from the site itself may run or be shown."""
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "PageHeaders",
        response_headers_policy_name=f"{name}-page",
        security_headers_behavior=_security(CONTENT_SECURITY_POLICY),
        custom_headers_behavior=_custom(
            {
                "Cross-Origin-Opener-Policy": "same-origin",
                "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            }
        ),
    )


def media_headers(scope: Construct, name: str) -> cloudfront.ResponseHeadersPolicy:
    """Whatever a worker may have written, nothing in it runs."""
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "MediaHeaders",
        response_headers_policy_name=f"{name}-media",
        security_headers_behavior=_security("sandbox"),
        custom_headers_behavior=_custom(
            {"Cache-Control": "max-age=86400", "Cross-Origin-Resource-Policy": "same-origin"}
        ),
    )


def api_headers(scope: Construct, name: str) -> cloudfront.ResponseHeadersPolicy:
    """The API writes its own policy where it answers with a page."""
    return cloudfront.ResponseHeadersPolicy(
        scope,
        "ApiHeaders",
        response_headers_policy_name=f"{name}-api",
        security_headers_behavior=_security(None),
    )


def _security(content_policy: str | None) -> cloudfront.ResponseSecurityHeadersBehavior:
    return cloudfront.ResponseSecurityHeadersBehavior(
        content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
            content_security_policy=content_policy, override=True
        )
        if content_policy
        else None,
        content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
        referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
            referrer_policy=cloudfront.HeadersReferrerPolicy.SAME_ORIGIN, override=True
        ),
        strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
            access_control_max_age=_YEAR, include_subdomains=False, override=True
        ),
    )


def _custom(headers: dict[str, str]) -> cloudfront.ResponseCustomHeadersBehavior:
    return cloudfront.ResponseCustomHeadersBehavior(
        custom_headers=[
            cloudfront.ResponseCustomHeader(header=header, value=value, override=True)
            for header, value in headers.items()
        ]
    )
