"""The servers that the other tests stand on."""

from pathlib import Path

import psycopg
import pytest

from tests.services.ministack import a_bucket, a_queue, aws, free_port, running_ministack, start_ministack
from tests.services.postgres import database_name, drop_database, fresh_database


def test_a_queue_gives_back_what_was_sent(ministack: str) -> None:
    queue = a_queue(ministack)
    sqs = aws("sqs", ministack)
    sqs.send_message(QueueUrl=queue, MessageBody="hello", MessageGroupId="ana")
    received = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MessageSystemAttributeNames=["All"])
    (message,) = received["Messages"]
    assert message["Body"] == "hello"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_objects_survive_a_kill(tmp_path: Path) -> None:
    port = free_port()
    process = start_ministack(tmp_path / "data", port=port)
    endpoint = f"http://127.0.0.1:{port}"
    bucket = a_bucket(endpoint)
    aws("s3", endpoint).put_object(Bucket=bucket, Key="a/b.txt", Body=b"kept")
    process.kill()
    process.wait()
    with running_ministack(tmp_path / "data", port=port) as again:
        assert aws("s3", again).get_object(Bucket=bucket, Key="a/b.txt")["Body"].read() == b"kept"


def test_a_fresh_database_is_empty_and_can_be_copied(postgres: str) -> None:
    first = fresh_database(postgres)
    with psycopg.connect(first) as conn:
        conn.execute("CREATE TABLE things (id int)")
    copy = fresh_database(postgres, template=database_name(first))
    with psycopg.connect(copy) as conn:
        assert conn.execute("SELECT count(*) FROM things").fetchone() == (0,)
    with psycopg.connect(fresh_database(postgres)) as conn, pytest.raises(psycopg.errors.UndefinedTable):
        conn.execute("SELECT 1 FROM things")
    drop_database(postgres, name=database_name(copy))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(copy)
