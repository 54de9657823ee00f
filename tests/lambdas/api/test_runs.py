"""Starting, watching, cancelling, resuming and deleting runs over HTTP; workers report straight to `advance`."""

import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi import FastAPI
from httpx import Response

from contract.messages import TASK_REQUESTED
from tests.lambdas.api.people import SPEC, Person, a_pipeline, code, locs, sign_up
from tests.lambdas.flow.world import Delivery, World
from tests.services.ministack import a_bucket, a_queue, aws

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154"
    "789c6360f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
EDIT: dict[str, Any] = {
    "inputs": [{"name": "photo", "label": "Start from", "type": "image"}],
    "steps": [
        {"name": "new", "kind": "edit", "model": "demo-emoji", "params": {"prompt": "blue", "image": "{{photo}}"}}
    ],
}


@pytest.fixture
def queue_urls(ministack: str) -> dict[str, str]:
    return {"text": a_queue(ministack, "text"), "image": a_queue(ministack, "image")}


@pytest.fixture
def app(start: Callable[..., FastAPI], ministack: str, queue_urls: dict[str, str]) -> FastAPI:
    """An API with queues and a bucket of its own."""
    return start(
        media_bucket=a_bucket(ministack),
        aws_endpoint_url=ministack,
        steps_text_queue_url=queue_urls["text"],
        steps_image_queue_url=queue_urls["image"],
    )


@pytest.fixture
def receive(ministack: str, queue_urls: dict[str, str]) -> Callable[..., Delivery]:
    """A worker that takes the next message off a queue."""

    def received(queue: str = "text") -> Delivery:
        sqs = aws("sqs", ministack)
        answer = sqs.receive_message(QueueUrl=queue_urls[queue], WaitTimeSeconds=2, MessageSystemAttributeNames=["All"])
        (message,) = answer["Messages"]
        sqs.delete_message(QueueUrl=queue_urls[queue], ReceiptHandle=message["ReceiptHandle"])
        return Delivery(request=TASK_REQUESTED.validate_json(message["Body"]))

    return received


def run_it(person: Person, pipeline: dict[str, Any], *, key: str | None = None, **body: Any) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return person.post("/runs", {"pipeline": pipeline["id"]} | body, headers=headers)


def test_a_run_is_answered_whole_and_its_first_task_sent(ana: Person, receive: Callable[..., Delivery]) -> None:
    pipeline = a_pipeline(ana)
    answer = run_it(ana, pipeline, inputs={"subject": "an owl"}, seed=7)
    assert answer.status_code == 202, answer.text
    run = answer.json()
    assert (run["state"], run["pipeline"], run["version"], run["seed"]) == ("queued", pipeline["id"], 1, 7)
    assert run["inputs"] == {"subject": "an owl"}
    assert [(task["step"], task["state"], task["prompt"]) for task in run["tasks"]] == [
        ("scene", "queued", "Describe an owl."),
        ("picture", "waiting", None),
    ]
    assert run["queue"]["position"] == 0
    assert run["queue"]["reason_code"] == "no_worker"
    assert (run["error"], run["finished_at"], run["result"]) == (None, None, None)
    assert receive().request.run == UUID(run["id"])


def test_a_run_is_watched_from_the_queue_to_its_outputs(
    ana: Person, world: World, receive: Callable[..., Delivery]
) -> None:
    run_id = run_it(ana, a_pipeline(ana)).json()["id"]
    text = receive()
    world.apply(text.started(), text.progress(0.4))
    run = ana.get(f"/runs/{run_id}").json()
    assert (run["state"], run["queue"]) == ("running", None)
    assert (run["tasks"][0]["state"], run["tasks"][0]["progress"]) == ("running", 0.4)
    world.apply(text.succeeded("A fox. " * 400, seconds=160, computed=2.5))
    world.sent.clear()
    world.send_all_again()
    picture = world.receive()
    world.apply(picture.succeeded())
    run = ana.get(f"/runs/{run_id}").json()
    assert run["state"] == "succeeded"
    first, second = run["tasks"]
    (scene,) = first["outputs"]
    assert (scene["type"], len(scene["text"]), scene["characters"]) == ("text", 2_000, 2_800)
    assert scene["url"] == f"/media/{text.id}/0.txt"
    assert first["seconds"] == 2.5
    assert [(output["type"], output["width"]) for output in second["outputs"]] == [("image", 64), ("image", 64)]
    assert second["outputs"][1]["thumb_url"] == f"/media/{picture.id}/1.thumb.webp"


def test_polling_answers_304_until_something_changes(
    ana: Person, world: World, receive: Callable[..., Delivery]
) -> None:
    run_id = run_it(ana, a_pipeline(ana)).json()["id"]
    first = ana.get(f"/runs/{run_id}")
    tag = first.headers["ETag"]
    again = ana.get(f"/runs/{run_id}", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    world.apply(receive().started())
    changed = ana.get(f"/runs/{run_id}", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_a_step_under_way_shows_its_newest_preview_and_a_finished_one_none(
    ana: Person, world: World, receive: Callable[..., Delivery]
) -> None:
    run_id = run_it(ana, a_pipeline(ana)).json()["id"]

    def look() -> tuple[str, list[str | None]]:
        answer = ana.get(f"/runs/{run_id}")
        return answer.headers["ETag"], [task["preview_url"] for task in answer.json()["tasks"]]

    text = receive()
    world.apply(text.started(), text.progress(0.2))
    before, shown = look()
    assert shown == [None, None]
    for _ in range(2):
        key = text.preview()
        world.apply(text.progress(0.2, preview=key))
        after, shown = look()
        assert shown == [f"/{key}", None]
        assert after != before
        before = after
    assert ana.get("/runs").json()["items"][0]["tasks"][0]["preview_url"] == f"/{key}"
    world.apply(text.succeeded())
    assert look()[1] == [None, None]


@pytest.mark.parametrize("end", ["cancel", "release"])
def test_a_preview_does_not_outlive_the_work_that_it_shows(
    ana: Person, world: World, receive: Callable[..., Delivery], end: str
) -> None:
    run_id = run_it(ana, a_pipeline(ana)).json()["id"]
    text = receive()
    world.apply(text.progress(0.2, preview=text.preview()))
    if end == "cancel":
        ana.post(f"/runs/{run_id}/cancel")
    else:
        world.apply(text.released())
    assert ana.get(f"/runs/{run_id}").json()["tasks"][0]["preview_url"] is None
    assert world.task(UUID(run_id))["preview"] is None


def test_the_same_key_and_body_give_the_same_run(ana: Person, ben: Person) -> None:
    pipeline = a_pipeline(ana)
    first = run_it(ana, pipeline, key="k-1", seed=3)
    again = run_it(ana, pipeline, key="k-1", seed=3)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert code(run_it(ana, pipeline, key="k-1", seed=4)) == (409, "idempotency_conflict")
    assert run_it(ana, pipeline, key="k-2", seed=3).json()["id"] != first.json()["id"]
    assert run_it(ben, pipeline, key="k-1", seed=4).status_code == 202


def test_a_key_is_free_again_after_a_day_and_after_a_refusal(ana: Person, world: World) -> None:
    pipeline = a_pipeline(ana)
    assert code(run_it(ana, pipeline, key="k", inputs={"nothing": "x"})) == (422, "invalid")
    first = run_it(ana, pipeline, key="k").json()["id"]
    world.pass_time(24 * 3600 + 1)
    second = run_it(ana, pipeline, key="k", seed=4)
    assert second.status_code == 202
    assert second.json()["id"] != first


def test_two_requests_with_one_key_at_the_same_time_make_one_run(ana: Person, world: World) -> None:
    pipeline = a_pipeline(ana)
    answers: list[Response] = []
    threads = [threading.Thread(target=lambda: answers.append(run_it(ana, pipeline, key="k"))) for _ in range(6)]
    with ana.client:  # one event loop for all, as on a server
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert world.conn.execute("SELECT count(*) FROM runs").fetchone() == (1,)


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"inputs": {"animal": "owl"}}, ["body", "inputs", "animal"]),
        ({"inputs": {"subject": "x" * 8_001}}, ["body", "inputs", "subject"]),
        ({"inputs": {"subject": None}}, ["body", "inputs", "subject"]),
        ({"inputs": {"subject": "a\x00b"}}, ["body", "inputs", "subject"]),
        ({"inputs": {"sub\x00ject": "a"}}, None),
        ({"inputs": None}, ["body", "inputs"]),
        ({"version": 9}, ["body", "version"]),
        ({"seed": -1}, ["body", "seed"]),
        ({"seed": 2**53}, ["body", "seed"]),
        ({"seed": True}, ["body", "seed"]),
        ({"seed": 7.0}, ["body", "seed"]),
        ({"pipeline": "x"}, ["body", "pipeline"]),
        ({"surprise": 1}, ["body", "surprise"]),
    ],
)
def test_a_wrong_field_is_named(ana: Person, body: dict[str, Any], place: list[str] | None) -> None:
    answer = ana.post("/runs", {"pipeline": a_pipeline(ana)["id"]} | body)
    assert code(answer) == (422, "invalid")
    assert place is None or locs(answer) == [place]


def test_half_of_a_surrogate_pair_is_refused_wherever_it_stands(ana: Person) -> None:
    pipeline = a_pipeline(ana)["id"]
    for inputs in ('{"\\ud800": "x"}', '{"subject": "\\ud800"}'):
        body = f'{{"pipeline": "{pipeline}", "inputs": {inputs}}}'
        answer = ana.client.post("/api/v1/runs", content=body, headers={"Content-Type": "application/json"})
        assert code(answer) == (422, "invalid")


def test_an_input_without_a_default_is_missed(ana: Person) -> None:
    spec = SPEC | {"inputs": [{"name": "subject", "type": "text"}]}
    answer = run_it(ana, a_pipeline(ana, spec=spec))
    assert code(answer) == (422, "invalid")
    assert locs(answer) == [["body", "inputs", "subject"]]


def test_somebody_elses_private_pipeline_cannot_be_run(ana: Person, ben: Person) -> None:
    assert code(run_it(ben, a_pipeline(ana, visibility="private"))) == (404, "not_found")
    assert run_it(ben, a_pipeline(ana, visibility="unlisted")).status_code == 202


def test_a_deleted_pipeline_cannot_be_run(ana: Person) -> None:
    pipeline = a_pipeline(ana)
    ana.delete(f"/pipelines/{pipeline['id']}")
    assert code(run_it(ana, pipeline)) == (404, "not_found")


def test_somebody_elses_run_is_not_there(ana: Person, ben: Person) -> None:
    run_id = run_it(ana, a_pipeline(ana)).json()["id"]
    for answer in (
        ben.get(f"/runs/{run_id}"),
        ben.post(f"/runs/{run_id}/cancel"),
        ben.post(f"/runs/{run_id}/resume"),
        ben.delete(f"/runs/{run_id}"),
    ):
        assert code(answer) == (404, "not_found")
    assert ana.get(f"/runs/{run_id}").json()["state"] == "queued"
    assert ben.get("/runs").json() == {"items": [], "next": None}


def test_runs_are_listed_newest_first_page_by_page(ana: Person) -> None:
    pipeline = a_pipeline(ana)
    made = [run_it(ana, pipeline).json()["id"] for _ in range(5)]
    first = ana.get("/runs?limit=2").json()
    second = ana.get(f"/runs?limit=2&cursor={first['next']}").json()
    last = ana.get(f"/runs?limit=2&cursor={second['next']}").json()
    listed = [run["id"] for page in (first, second, last) for run in page["items"]]
    assert listed == made[::-1]
    assert last["next"] is None
    assert [task["step"] for task in first["items"][0]["tasks"]] == ["scene", "picture"]


def test_an_upload_of_ones_own_is_an_input_and_somebody_elses_is_not(
    ana: Person, ben: Person, receive: Callable[..., Delivery]
) -> None:
    upload = ana.client.post("/api/v1/uploads", content=PNG, headers={"Content-Type": "image/png"})
    assert upload.status_code == 201, upload.text
    photo = upload.json()["id"]
    pipeline = a_pipeline(ana, spec=EDIT)
    run = run_it(ana, pipeline, inputs={"photo": photo})
    assert run.json()["inputs"] == {"photo": photo}
    assert receive("image").request.params.image == f"uploads/{photo}"
    for wrong in (photo, str(uuid4()), "no id"):
        answer = run_it(ben, pipeline, inputs={"photo": wrong})
        assert code(answer) == (422, "invalid")
        assert locs(answer) == [["body", "inputs", "photo"]]


def test_an_output_of_ones_own_run_is_an_input_and_of_others_once_it_is_published(
    ana: Person, ben: Person, world: World, receive: Callable[..., Delivery]
) -> None:
    pipeline = a_pipeline(ana, spec={"inputs": [], "steps": [SPEC["steps"][1] | {"params": {"prompt": "a fox"}}]})
    run_id = run_it(ana, pipeline).json()["id"]
    picture = receive("image")
    world.apply(picture.succeeded())
    output = ana.get(f"/runs/{run_id}").json()["tasks"][0]["outputs"][0]["id"]
    edit = a_pipeline(ana, spec=EDIT)
    assert run_it(ana, edit, inputs={"photo": output}).status_code == 202
    assert receive("image").request.params.image == f"media/{picture.id}/0.png"
    assert run_it(ben, edit, inputs={"photo": output}).status_code == 422
    assert ana.put(f"/runs/{run_id}/result", {}).status_code == 201
    assert run_it(ben, edit, inputs={"photo": output}).status_code == 202


def test_cancelling_tells_the_worker_and_keeps_what_is_done(
    ana: Person, world: World, receive: Callable[..., Delivery], ministack: str, app: FastAPI
) -> None:
    run_id = run_it(ana, a_pipeline(ana)).json()["id"]
    delivery = receive()
    world.apply(delivery.started())
    answer = ana.post(f"/runs/{run_id}/cancel")
    assert answer.status_code == 202
    run = ana.get(f"/runs/{run_id}").json()
    assert (run["state"], [task["state"] for task in run["tasks"]]) == ("cancelled", ["cancelled", "cancelled"])
    assert run["finished_at"] is not None
    bucket = app.state.services.settings.media_bucket
    keys = [item["Key"] for item in aws("s3", ministack).list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == [f"control/cancel/{delivery.request.task}.{delivery.request.token}"]
    assert ana.post(f"/runs/{run_id}/cancel").json()["state"] == "cancelled"


def test_a_cancelled_run_goes_on_when_resumed(ana: Person, world: World, receive: Callable[..., Delivery]) -> None:
    run_id = run_it(ana, a_pipeline(ana)).json()["id"]
    world.apply(receive().succeeded("A fox."))
    ana.post(f"/runs/{run_id}/cancel")
    resumed = ana.post(f"/runs/{run_id}/resume")
    assert (resumed.status_code, resumed.json()["state"], resumed.json()["finished_at"]) == (202, "running", None)
    assert [task["state"] for task in resumed.json()["tasks"]] == ["succeeded", "queued"]


def test_a_failed_run_says_why_and_goes_on_when_resumed(
    ana: Person, world: World, receive: Callable[..., Delivery]
) -> None:
    run_id = run_it(ana, a_pipeline(ana)).json()["id"]
    assert code(ana.post(f"/runs/{run_id}/resume")) == (409, "run_not_failed")
    text = receive()
    world.apply(text.succeeded("A fox."))
    world.apply(world.receive().failed("bad_prompt", retryable=False))
    run = ana.get(f"/runs/{run_id}").json()
    assert run["error"] == {"code": "bad_prompt", "detail": "It broke."}
    assert run["tasks"][1]["error"] == run["error"]
    assert len(run["tasks"][0]["outputs"]) == 1
    resumed = ana.post(f"/runs/{run_id}/resume")
    assert (resumed.status_code, resumed.json()["state"], resumed.json()["error"]) == (202, "running", None)
    world.apply(receive("image").succeeded())
    assert ana.get(f"/runs/{run_id}").json()["state"] == "succeeded"


def test_a_deleted_run_is_gone_and_a_published_one_stays(
    ana: Person, world: World, receive: Callable[..., Delivery], ministack: str, app: FastAPI
) -> None:
    pipeline = a_pipeline(ana, spec=SPEC | {"steps": SPEC["steps"][:1]})
    run_id = run_it(ana, pipeline, key="k").json()["id"]
    text = receive()
    bucket = app.state.services.settings.media_bucket
    aws("s3", ministack).put_object(Bucket=bucket, Key=f"media/{text.id}/0.txt", Body=b"A fox.")
    world.apply(text.succeeded())
    assert ana.put(f"/runs/{run_id}/result", {}).status_code == 201
    assert ana.get(f"/runs/{run_id}").json()["result"] is not None
    assert code(ana.delete(f"/runs/{run_id}")) == (409, "run_published")
    assert ana.delete(f"/runs/{run_id}/result").status_code == 204
    assert ana.delete(f"/runs/{run_id}").status_code == 204
    assert code(ana.get(f"/runs/{run_id}")) == (404, "not_found")
    assert run_it(ana, pipeline, key="k").json()["id"] != run_id


def test_the_guests_of_a_network_have_twenty_tasks_a_day(app: FastAPI, guest: Person, ana: Person) -> None:
    pipeline = a_pipeline(ana)
    for _ in range(9):
        assert run_it(guest, pipeline).status_code == 202
    other = sign_up(app, None)
    assert run_it(other, pipeline).status_code == 202
    refused = run_it(other, pipeline)
    assert code(refused) == (429, "limit_reached")
    assert int(refused.headers["Retry-After"]) > 0
    assert run_it(ana, pipeline).status_code == 202


def test_a_run_survives_queues_that_do_not_answer(start: Callable[..., FastAPI], world: World) -> None:
    app = start(aws_endpoint_url="http://127.0.0.1:1")
    ana = sign_up(app, "ana")
    answer = run_it(ana, a_pipeline(ana))
    assert answer.status_code == 202
    assert world.out() == 1


def test_nothing_is_sent_for_a_run_that_could_not_be_committed(
    ana: Person, conn: psycopg.Connection, ministack: str, queue_urls: dict[str, str]
) -> None:
    pipeline = a_pipeline(ana)["id"]
    conn.execute("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'no'; END$$")
    conn.execute(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON runs DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    try:
        answer = ana.post("/runs", {"pipeline": pipeline})
    finally:
        conn.execute("DROP TRIGGER refuse ON runs")
        conn.execute("DROP FUNCTION refuse")
    assert code(answer) == (500, "internal")
    assert waiting(ministack, queue_urls["text"]) == 0
    assert ana.post("/runs", {"pipeline": pipeline}).status_code == 202
    assert waiting(ministack, queue_urls["text"]) == 1


def waiting(ministack: str, url: str) -> int:
    """How many messages a queue holds."""
    name = "ApproximateNumberOfMessages"
    answer = aws("sqs", ministack).get_queue_attributes(QueueUrl=url, AttributeNames=[name])
    return int(answer["Attributes"][name])
