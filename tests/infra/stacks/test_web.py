"""What CloudFront serves from where, how long it is kept, and with which headers; and that nothing else is reachable."""

import json
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk import aws_lambda as lambda_

from infra.local import media as local_media
from infra.local import site as local_site
from infra.stacks.certificate import certificate_of
from infra.stacks.stage import compose
from infra.stacks.web import PageMissing
from tests.infra.stacks.templates import CDK, Properties, Stage, stage_settings, synthesized


@pytest.fixture(params=["small", "large", "emulated"])
def stage(request: pytest.FixtureRequest) -> Stage:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def distribution(stage: Stage) -> Properties:
    return stage.one("web", "AWS::CloudFront::Distribution")["DistributionConfig"]


def behaviours(stage: Stage) -> dict[str, Properties]:
    config = distribution(stage)
    return {"": config["DefaultCacheBehavior"]} | {b["PathPattern"]: b for b in config["CacheBehaviors"]}


def origin(stage: Stage, pattern: str) -> Properties:
    wanted = behaviours(stage)[pattern]["TargetOriginId"]
    (found,) = [each for each in distribution(stage)["Origins"] if each["Id"] == wanted]
    return found


def headers(stage: Stage, pattern: str) -> Properties:
    name = behaviours(stage)[pattern]["ResponseHeadersPolicyId"]["Ref"]
    return stage.found("web", "AWS::CloudFront::ResponseHeadersPolicy")[name]["ResponseHeadersPolicyConfig"]


def custom(policy: Properties) -> dict[str, str]:
    return {item["Header"]: item["Value"] for item in policy.get("CustomHeadersConfig", {"Items": []})["Items"]}


def security(policy: Properties) -> Properties:
    return policy["SecurityHeadersConfig"]


def test_each_address_goes_where_the_design_says(stage: Stage) -> None:
    assert set(behaviours(stage)) == {"", "/media/*", "/api/*", "/results/*"}
    assert "Site" in json.dumps(origin(stage, "")["DomainName"])
    assert "Media" in json.dumps(origin(stage, "/media/*")["DomainName"])


def test_the_api_is_asked_over_tls(small: Stage, large: Stage) -> None:
    for stage in (small, large):
        for pattern in ("/api/*", "/results/*"):
            custom_origin = origin(stage, pattern)["CustomOriginConfig"]
            assert custom_origin["OriginProtocolPolicy"] == "https-only"
            assert custom_origin["OriginSSLProtocols"] == ["TLSv1.2"]
    assert origin(large, "/api/*")["DomainName"] == "api.atelier.example.com"


def test_the_buckets_are_read_by_signed_requests_of_this_account_s_distributions_only(stage: Stage) -> None:
    for pattern in ("", "/media/*"):
        assert origin(stage, pattern)["OriginAccessControlId"]
        assert origin(stage, pattern)["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    for bucket in ("Site", "Media"):
        policy = stage.one("data", "AWS::S3::BucketPolicy", f"{bucket}Policy")["PolicyDocument"]["Statement"]
        allows = [s for s in policy if s["Effect"] == "Allow" and "cloudfront" in json.dumps(s["Principal"])]
        assert {s["Action"] for s in allows} == {"s3:GetObject", "s3:ListBucket"}
        for statement in allows:
            account = json.dumps(statement["Condition"]["ArnLike"]["aws:SourceArn"])
            assert '{"Ref": "AWS::AccountId"}' in account
            assert "distribution/*" in account


def test_no_bucket_is_open_to_the_public(stage: Stage) -> None:
    for policy in stage.found("data", "AWS::S3::BucketPolicy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            everyone = statement["Principal"] in ("*", {"AWS": "*"})
            assert not (everyone and statement["Effect"] == "Allow")


def test_the_page_has_the_strict_policy_that_one_machine_has(stage: Stage) -> None:
    for pattern in ("", "/results/*"):
        policy = headers(stage, pattern)
        found = {
            "Content-Security-Policy": security(policy)["ContentSecurityPolicy"]["ContentSecurityPolicy"],
            "X-Content-Type-Options": "nosniff" if security(policy)["ContentTypeOptions"]["Override"] else "",
            "Referrer-Policy": security(policy)["ReferrerPolicy"]["ReferrerPolicy"],
            **custom(policy),
        }
        assert found == local_site._HEADERS
        assert "unsafe" not in found["Content-Security-Policy"]
        assert security(policy)["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 365 * 86_400


def test_media_cannot_run_and_are_kept_for_a_day(stage: Stage) -> None:
    policy = headers(stage, "/media/*")
    found = {
        "Content-Security-Policy": security(policy)["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        "X-Content-Type-Options": "nosniff" if security(policy)["ContentTypeOptions"]["Override"] else "",
        **custom(policy),
    }
    assert found == local_media._HEADERS
    assert all(item["Override"] for item in policy["CustomHeadersConfig"]["Items"]), "whatever a worker wrote"
    cache = stage.one("web", "AWS::CloudFront::CachePolicy")["CachePolicyConfig"]
    assert cache["MaxTTL"] <= 3600, "a withdrawn picture is gone from every edge soon"
    assert cache["ParametersInCacheKeyAndForwardedToOrigin"]["QueryStringsConfig"]["QueryStringBehavior"] == "none"


def test_the_api_is_never_cached_and_knows_that_cloudfront_asks(stage: Stage) -> None:
    """The ids are those of AWS's own policies `CachingDisabled` and `AllViewerExceptHostHeader`."""
    for pattern in ("/api/*", "/results/*"):
        found = behaviours(stage)[pattern]
        assert found["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert found["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        (secret,) = origin(stage, pattern)["OriginCustomHeaders"]
        assert secret["HeaderName"] == "X-Origin-Secret"
        assert "resolve:secretsmanager" in json.dumps(secret["HeaderValue"]), "the template does not hold it"
    assert set(behaviours(stage)["/api/*"]["AllowedMethods"]) >= {"POST", "PUT", "PATCH", "DELETE"}
    assert set(behaviours(stage)["/results/*"]["AllowedMethods"]) == {"GET", "HEAD"}
    assert "ContentSecurityPolicy" not in security(headers(stage, "/api/*")), "the API's documents have their own"


def test_functions_route_the_page_and_pass_on_host_and_address(stage: Stage) -> None:
    functions = stage.found("web", "AWS::CloudFront::Function")

    def code(pattern: str) -> str:
        (association,) = behaviours(stage)[pattern]["FunctionAssociations"]
        assert association["EventType"] == "viewer-request"
        return functions[association["FunctionARN"]["Fn::GetAtt"][0]]["FunctionCode"]

    assert "/index.html" in code("")
    assert "x-forwarded-host" in code("/api/*") == code("/results/*")
    assert "FunctionAssociations" not in behaviours(stage)["/media/*"]
    assert "CustomErrorResponses" not in distribution(stage), "they would turn the API's 404s into pages"


def test_everything_goes_over_tls_and_is_logged(stage: Stage) -> None:
    assert {b["ViewerProtocolPolicy"] for b in behaviours(stage).values()} == {"redirect-to-https"}
    assert "Logs" in json.dumps(distribution(stage)["Logging"]["Bucket"])


def test_a_stage_with_a_domain_has_its_name_its_certificate_and_its_firewall(large: Stage) -> None:
    config = distribution(large)
    assert config["Aliases"] == ["atelier.example.com"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["WebACLId"]
    records = {r["Type"]: r for r in large.found("web", "AWS::Route53::RecordSet").values()}
    assert set(records) == {"A", "AAAA"}
    assert {r["Name"] for r in records.values()} == {"atelier.example.com."}
    acl = large.one("firewall", "AWS::WAFv2::WebACL")
    assert acl["Scope"] == "CLOUDFRONT"
    assert any("RateBasedStatement" in rule["Statement"] for rule in acl["Rules"])


def test_a_stage_without_a_domain_works_under_cloudfront_s_own_name(small: Stage) -> None:
    config = distribution(small)
    assert "Aliases" not in config
    assert "ViewerCertificate" not in config
    assert "WebACLId" not in config
    assert "firewall" not in small.parts
    address = small.parts["web"]["Outputs"]["Address"]["Value"]
    assert address["Fn::Join"][1][0] == "https://"


def test_stages_may_bring_certificates_of_their_own() -> None:
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/0f1e"
    domain = CDK["context"]["stages"]["large"]["domain"] | {"certificate_arn": arn}
    app = App(analytics_reporting=False)
    for name in ("first", "second"):
        certificate = certificate_of(app, stage_settings(name, domain=domain))
        assert certificate is not None
        assert certificate.certificate_arn == arn
    stage = synthesized("own", domain=domain)
    assert distribution(stage)["ViewerCertificate"]["AcmCertificateArn"] == arn
    assert "certificate" not in stage.parts


def test_the_firewall_needs_no_domain() -> None:
    stage = synthesized("guarded", waf=True)
    assert distribution(stage)["WebACLId"]
    assert "firewall" in stage.parts


def test_only_what_publishes_the_page_may_write_it(small: Stage) -> None:
    policies = {
        (part, name): json.dumps(policy["PolicyDocument"])
        for part in small.parts
        for name, policy in small.found(part, "AWS::IAM::Policy").items()
    }

    def writes_the_site(document: str) -> bool:
        statements: list[dict[str, Any]] = json.loads(document)["Statement"]
        return any(
            "s3:PutObject" in json.dumps(s["Action"]) and "Site" in json.dumps(s["Resource"]) for s in statements
        )

    assert [name for name, document in policies.items() if writes_the_site(document)] == [
        ("web", next(name for part, name in policies if part == "web" and name.startswith("PublishRole")))
    ]


def test_what_publishes_the_page_logs_as_the_other_functions_do(stage: Stage) -> None:
    assert stage.one("web", "AWS::Lambda::Function")["LoggingConfig"]["LogFormat"] == "JSON"


def test_a_page_that_is_not_built_is_named(tmp_path: Any) -> None:
    (tmp_path / "x.py").touch()
    with pytest.raises(PageMissing, match="not built"):
        compose(App(), stage_settings("small"), code=lambda_.Code.from_asset(str(tmp_path)), page=tmp_path / "dist")
