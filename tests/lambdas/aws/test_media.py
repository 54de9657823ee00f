"""Marking and deleting in a real S3."""

from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from lambdas.aws import media
from tests.services.ministack import a_bucket, aws


def keys(endpoint: str, bucket: str) -> list[str]:
    return [item.key for item in media.list_page(aws("s3", endpoint), bucket=bucket, prefix="")]


def test_deleting_a_prefix_leaves_its_neighbours(ministack: str) -> None:
    s3, bucket = aws("s3", ministack), a_bucket(ministack)
    for key in ("media/a/0.png", "media/a/0.thumb.webp", "media/ab/0.png", "uploads/a"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    media.delete_prefix(s3, bucket=bucket, prefix="media/a/")
    assert keys(ministack, bucket) == ["media/ab/0.png", "uploads/a"]
    media.delete_prefix(s3, bucket=bucket, prefix="media/a/")


def test_the_whole_bucket_is_never_deleted(ministack: str) -> None:
    with pytest.raises(ValueError, match="whole bucket"):
        media.delete_prefix(aws("s3", ministack), bucket="any", prefix="")


def test_a_page_begins_behind_a_key(ministack: str) -> None:
    s3, bucket = aws("s3", ministack), a_bucket(ministack)
    for key in ("media/1", "media/2", "media/3", "other"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    page = media.list_page(s3, bucket=bucket, prefix="media/", after="media/1")
    assert [item.key for item in page] == ["media/2", "media/3"]


def test_a_cancel_marker_stands_where_workers_look(ministack: str) -> None:
    s3, bucket, task = aws("s3", ministack), a_bucket(ministack), uuid4()
    media.mark_cancelled(s3, [(task, "t")], bucket=bucket)
    assert keys(ministack, bucket) == [f"control/cancel/{task}.t"]


def test_a_bucket_that_does_not_answer_stops_no_cancel(ministack: str) -> None:
    s3 = aws("s3", ministack)
    media.mark_cancelled(s3, [(uuid4(), "t")], bucket="no-such-bucket")
    with pytest.raises(ClientError):
        media.delete_prefix(s3, bucket="no-such-bucket", prefix="media/")


@pytest.mark.parametrize("code", ["NoSuchKey", "AccessDenied"])
def test_what_is_gone_stays_gone_though_s3_says_so_only_to_whoever_may_list(code: str) -> None:
    s3 = boto3.client("s3", region_name="us-east-1")
    with Stubber(s3) as stubbed:
        # The only answer of S3 that MiniStack cannot give: it tells everybody what is absent.
        stubbed.add_client_error("copy_object", service_error_code=code)
        media.copy(s3, bucket="media", old="media/old/0.png", new="media/new/0.png")
    with Stubber(s3) as stubbed:
        stubbed.add_client_error("copy_object", service_error_code="SlowDown")
        with pytest.raises(ClientError):
            media.copy(s3, bucket="media", old="media/old/0.png", new="media/new/0.png")
