"""The rules of lambdas/domain/states.py as the database holds them, one example each."""

from typing import Any
from uuid import uuid4

import pytest

from contract.messages import TASK_REQUESTED
from contract.seeds import output_seed
from lambdas.domain.errors import RunNotFailed
from lambdas.domain.states import EventMalformed
from lambdas.store import runs
from tests.lambdas.flow.world import CHAIN, ONE_STEP, SIDE_BY_SIDE, Delivery, World


def test_a_chain_runs_step_by_step_to_its_end(world: World) -> None:
    run = world.run(world.account(), CHAIN)
    text = world.receive()
    assert world.sent == []
    assert text.request.params.prompt == "Describe a red fox."
    world.apply(text.started())
    assert world.state(run) == "running"
    world.apply(text.succeeded("A fox under an oak."))
    picture = world.receive()
    assert picture.request.params.prompt == "A fox under an oak."
    assert picture.request.seeds == [output_seed(7, step="picture", k=0), output_seed(7, step="picture", k=1)]
    world.apply(picture.started(), picture.progress(0.5), picture.succeeded())
    assert world.state(run) == "succeeded"
    first, second = world.tasks(run)
    assert [len(first["keys"]), len(second["keys"])] == [1, 2]
    assert second["prompt"] == "A fox under an oak."
    assert second["hardware"] == "NVIDIA L4, torch 2"
    assert first["carry"] is None


def test_steps_that_need_nothing_of_each_other_run_at_the_same_time(world: World) -> None:
    run = world.run(world.account(), SIDE_BY_SIDE)
    scene, mood = world.receive(), world.receive()
    world.apply(mood.succeeded("Calm."))
    assert world.sent == []
    world.apply(scene.succeeded("A fox."))
    picture = world.receive()
    assert picture.request.params.prompt == "A fox. Calm."
    world.apply(picture.succeeded())
    edit = world.receive()
    assert edit.request.params.image == f"media/{picture.id}/0.png"
    world.apply(edit.succeeded())
    assert world.state(run) == "succeeded"


def test_two_steps_that_end_in_one_batch_unlock_the_next_once(world: World) -> None:
    world.run(world.account(), SIDE_BY_SIDE)
    scene, mood = world.receive(), world.receive()
    world.apply(scene.succeeded("A fox."), mood.succeeded("Calm."))
    assert [message.queue for message in world.sent] == ["image"]


def test_what_a_step_wrote_is_inserted_and_never_parsed(world: World) -> None:
    world.run(world.account(), CHAIN)
    world.apply(world.receive().succeeded("{{subject}} and {{nothing}}"))
    assert world.receive().request.params.prompt == "{{subject}} and {{nothing}}"


@pytest.mark.parametrize(
    ("text", "code"), [("x" * 8_001, "prompt_too_long"), ("x" * 60_000, "prompt_too_long"), (" ", "prompt_empty")]
)
def test_a_prompt_that_comes_out_wrong_fails_the_run_and_keeps_what_was_made(
    world: World, text: str, code: str
) -> None:
    run = world.run(world.account(), CHAIN)
    world.apply(world.receive().succeeded(text))
    first, second = world.tasks(run)
    assert (first["state"], second["state"], world.state(run)) == ("succeeded", "failed", "failed")
    assert second["error_code"] == code
    assert len(first["keys"]) == 1


def test_inputs_that_make_the_first_prompt_too_long_fail_the_run_at_once(world: World) -> None:
    run = world.run(world.account(), CHAIN, inputs={"subject": "x" * 8_000})
    assert [task["state"] for task in world.tasks(run)] == ["failed", "cancelled"]
    assert world.task(run)["error_code"] == "prompt_too_long"
    assert world.sent == []


def test_a_doubled_event_changes_nothing(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    events = [delivery.started(), delivery.progress(0.2), delivery.succeeded()]
    for event in events:
        world.apply(event)
    before = world.tasks(run)
    for event in events:
        world.apply(event)
    world.apply(*events, *events)
    assert world.tasks(run) == before


def test_succeeded_before_started_closes_the_task(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.succeeded())
    world.apply(delivery.started())
    assert world.state(run) == "succeeded"
    assert world.task(run)["delivery"] == delivery.id


def test_failed_before_started_is_not_undone_by_it(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.failed(retryable=False))
    world.apply(delivery.started())
    assert world.state(run) == "failed"
    assert world.task(run)["error_code"] == "broken"


def test_the_first_of_two_deliveries_wins_and_its_outputs_alone_are_linked(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    first = world.receive()
    second = Delivery(request=first.request, worker="worker-2")
    world.apply(first.started(), second.started())
    assert world.task(run)["delivery"] == second.id
    world.apply(first.succeeded())
    world.apply(second.succeeded())
    task = world.task(run)
    assert (task["delivery"], task["keys"]) == (first.id, [f"media/{first.id}/0.txt"])


def test_a_delivery_that_was_overtaken_neither_fails_nor_moves_the_task(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    first = world.receive()
    second = Delivery(request=first.request)
    world.apply(first.started())
    world.apply(second.started(), second.progress(0.3))
    world.apply(first.started(), first.progress(0.9), first.failed(), first.released())
    task = world.task(run)
    assert (task["state"], task["delivery"], task["attempt"]) == ("running", second.id, 1)
    assert task["progress"] == pytest.approx(0.3)


def test_progress_counts_only_with_a_higher_number(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.started(), delivery.progress(0.6, seq=2))
    world.apply(delivery.progress(0.3, seq=1))
    assert world.task(run)["progress"] == pytest.approx(0.6)


def test_a_retryable_failure_is_tried_three_times(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    for attempt in (1, 2, 3):
        delivery = world.receive()
        assert delivery.request.attempt == attempt
        world.apply(delivery.started(), delivery.failed("out_of_memory"))
    assert world.state(run) == "failed"
    assert world.task(run)["error_code"] == "out_of_memory"
    assert world.sent == []


def test_a_late_success_of_an_earlier_attempt_still_counts(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    first = world.receive()
    world.apply(first.started())
    world.pass_time(200)
    world.sweep()
    second = world.receive()
    assert second.request.attempt == 2
    world.apply(second.started())
    world.apply(first.progress(0.9))
    assert world.task(run)["delivery"] == second.id
    world.apply(first.succeeded())
    world.apply(second.succeeded())
    assert world.state(run) == "succeeded"
    assert world.task(run)["keys"] == [f"media/{first.id}/0.txt"]


def test_a_receipt_of_an_earlier_attempt_never_takes_over(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    first = world.receive()
    world.apply(first.started(), first.failed())
    old = Delivery(request=first.request)
    world.apply(old.started(), old.progress())
    assert (world.task(run)["state"], world.task(run)["delivery"]) == ("queued", None)
    world.apply(old.failed(retryable=False))
    assert world.task(run)["state"] == "queued"
    world.apply(old.succeeded())
    assert world.state(run) == "succeeded"


def test_the_third_start_without_an_end_gives_the_task_up(world: World) -> None:
    account = world.account()
    run = world.run(account, ONE_STEP)
    for _ in range(3):
        world.apply(world.receive().started())
        world.pass_time(181)
        world.sweep()
    assert (world.state(run), world.task(run)["error_code"]) == ("failed", "gave_up")
    with world.conn.transaction():
        runs.resume(world.conn, run, account_id=account)
    assert world.task(run)["lost_starts"] == 0


def test_a_worker_that_falls_silent_after_other_failures_is_lost(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    for _ in range(2):
        world.apply(world.receive().failed())
    world.apply(world.receive().started())
    world.pass_time(181)
    world.sweep()
    assert (world.state(run), world.task(run)["error_code"]) == ("failed", "worker_lost")


def test_neither_releases_nor_lost_messages_count_as_starts_without_an_end(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    for _ in range(4):
        delivery = world.receive()
        world.apply(delivery.started(), delivery.released())
        world.sent.clear()
        world.pass_time(181)
        world.sweep()
    assert (world.task(run)["attempt"], world.task(run)["lost_starts"]) == (1, 0)


def test_progress_keeps_a_task_alive(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.started())
    for _ in range(5):
        world.pass_time(100)
        world.apply(delivery.progress())
        world.sweep()
    assert (world.task(run)["state"], world.task(run)["attempt"]) == ("running", 1)


def test_a_message_that_was_lost_is_sent_again_as_the_same_attempt(world: World) -> None:
    run = world.run(world.account(), ONE_STEP, lost=True)
    for _ in range(5):
        world.sent.clear()
        world.sweep()
        assert world.sent == []
        world.pass_time(181)
        world.sweep()
    assert world.receive().request.attempt == 1
    assert world.task(run)["attempt"] == 1


def test_a_message_says_when_it_is_too_old_to_start(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    assert world.receive().request.deadline == world.task(run)["lease_until"]


def test_a_pause_of_advance_expires_nothing(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.started())
    world.pass_time(1000)
    world.sweep(caught_up=False)
    assert world.task(run)["state"] == "running"
    world.apply(world.heartbeat())
    world.sweep(caught_up=False)
    assert world.task(run)["attempt"] == 2


def test_released_goes_back_to_the_backlog_without_counting(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    for _ in range(5):
        delivery = world.receive()
        world.apply(delivery.started(), delivery.released())
    assert world.task(run)["attempt"] == 1
    world.work()
    assert world.state(run) == "succeeded"


def test_a_receipt_that_never_started_can_release_only_what_nobody_runs(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    running = world.receive()
    world.apply(running.started())
    world.apply(Delivery(request=running.request).released())
    assert world.task(run)["delivery"] == running.id
    world.apply(running.released())
    world.apply(world.receive().released())
    assert world.task(run)["state"] == "queued"
    assert len(world.sent) == 1


def test_a_wrong_token_changes_nothing(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    delivery = world.receive()
    forged = Delivery(request=delivery.request.model_copy(update={"token": "guess"}))
    world.apply(forged.started(), forged.succeeded(), forged.failed(retryable=False))
    assert world.task(run)["state"] == "queued"


def test_an_event_of_an_unknown_task_is_dropped_and_its_media_doomed(world: World) -> None:
    run = world.run(world.account(), ONE_STEP)
    known = world.receive()
    unknown = Delivery(request=known.request.model_copy(update={"task": uuid4()}))
    world.apply(unknown.succeeded(), known.succeeded())
    assert world.state(run) == "succeeded"
    doomed = world.conn.execute("SELECT prefix FROM doomed_media WHERE due_at > now()").fetchall()
    assert doomed == [(f"media/{unknown.id}/",)]


@pytest.mark.parametrize("change", [{"key": "media/" + "0" * 32 + "/0.txt"}, {"key": "control/cancel/x"}])
def test_outputs_outside_of_the_deliverys_folder_are_refused(world: World, change: dict[str, Any]) -> None:
    run = world.run(world.account(), ONE_STEP)
    event = world.receive().succeeded()
    forged = event.model_copy(update={"outputs": [event.outputs[0].model_copy(update=change)]})
    with pytest.raises(EventMalformed):
        world.apply(forged)
    assert world.task(run)["state"] == "queued"


def test_the_failure_of_one_step_cancels_the_others_and_tells_their_workers(world: World) -> None:
    run = world.run(world.account(), SIDE_BY_SIDE)
    scene, mood = world.receive(), world.receive()
    world.apply(scene.started(), mood.started())
    world.apply(scene.failed("bad_prompt", retryable=False))
    assert [task["state"] for task in world.tasks(run)] == ["failed", "cancelled", "cancelled", "cancelled"]
    assert world.cancelled == [mood.request.task]
    world.apply(mood.succeeded())
    assert world.tasks(run)[1]["keys"] == []
    row = world.conn.execute("SELECT error_code, error_detail FROM runs WHERE id = %s", (run,)).fetchone()
    assert row == ("bad_prompt", "It broke.")


def test_a_cancelled_run_ignores_what_comes_later(world: World) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    delivery = world.receive()
    world.apply(delivery.started())
    with world.conn.transaction():
        (left,) = runs.cancel(world.conn, run, account_id=account)
    assert (left.id, left.token) == (delivery.request.task, delivery.request.token)
    world.apply(delivery.progress(), delivery.succeeded())
    assert world.state(run) == "cancelled"
    assert [task["state"] for task in world.tasks(run)] == ["cancelled", "cancelled"]
    assert world.sent == []
    with world.conn.transaction():
        assert runs.cancel(world.conn, run, account_id=account) == []


def test_everything_that_is_out_can_be_sent_again_at_once(world: World) -> None:
    account = world.account()
    running, waiting = world.run(account, ONE_STEP), world.run(account, ONE_STEP)
    delivery = world.receive()
    world.apply(delivery.started())
    world.sent.clear()
    world.conn.execute("UPDATE turns SET waiting = false")
    world.send_all_again()
    tasks = {world.task(running)["id"], world.task(waiting)["id"]}
    assert {TASK_REQUESTED.validate_json(message.body).task for message in world.sent} == tasks
    assert world.task(running)["state"] == "running"
    world.work()
    world.apply(delivery.succeeded())
    assert [world.state(running), world.state(waiting)] == ["succeeded", "succeeded"]
    assert len(world.task(running)["keys"]) == 1


def test_an_account_that_is_out_of_line_by_accident_is_put_back(world: World) -> None:
    run = world.run(world.account(), ONE_STEP, send=False)
    world.conn.execute("UPDATE turns SET waiting = false")
    assert world.dispatch() == []
    world.send_all_again()
    assert world.receive().request.run == run


def test_a_failed_run_goes_on_from_the_step_that_failed(world: World) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    world.apply(world.receive().succeeded("A fox."))
    broken = world.receive()
    world.apply(broken.failed(retryable=False))
    kept = world.task(run)["keys"]
    with world.conn.transaction():
        runs.resume(world.conn, run, account_id=account)
    assert world.state(run) == "running"
    world.apply(broken.succeeded())
    assert world.task(run, 1)["state"] == "queued"
    world.dispatch()
    again = world.receive()
    assert again.request.params.prompt == "A fox."
    world.apply(again.started(), again.succeeded())
    assert world.state(run) == "succeeded"
    assert world.task(run)["keys"] == kept


def test_a_cancelled_run_goes_on_from_the_steps_that_are_not_done(world: World) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    world.apply(world.receive().succeeded("A fox."))
    left = world.receive()
    world.apply(left.started())
    with world.conn.transaction():
        runs.cancel(world.conn, run, account_id=account)
    kept = world.task(run)["keys"]
    with world.conn.transaction():
        assert runs.resume(world.conn, run, account_id=account) == 1
    world.apply(left.succeeded())
    assert (world.state(run), world.task(run, 1)["state"]) == ("running", "queued")
    world.dispatch()
    again = world.receive()
    assert again.request.params.prompt == "A fox."
    assert again.request.token != left.request.token
    world.apply(again.started(), again.succeeded())
    assert (world.state(run), world.task(run)["keys"]) == ("succeeded", kept)


def test_a_run_whose_values_were_not_kept_cannot_go_on(world: World) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    world.apply(world.receive().succeeded("A fox."))
    with world.conn.transaction():
        runs.cancel(world.conn, run, account_id=account)
    world.conn.execute("UPDATE tasks SET carry = NULL")  # as releases before this one did
    with pytest.raises(RunNotFailed), world.conn.transaction():
        runs.resume(world.conn, run, account_id=account)
    assert world.state(run) == "cancelled"


def test_cancelling_a_failed_run_takes_nothing_from_it(world: World) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    world.apply(world.receive().succeeded("A fox."))
    world.apply(world.receive().failed(retryable=False))
    with world.conn.transaction():
        assert runs.cancel(world.conn, run, account_id=account) == []
    assert world.state(run) == "failed"
    with world.conn.transaction():
        runs.resume(world.conn, run, account_id=account)
    world.dispatch()
    assert world.receive().request.params.prompt == "A fox."


def test_a_deleted_run_leaves_nothing_but_doomed_media(world: World) -> None:
    account = world.account()
    run = world.run(account, CHAIN)
    text = world.receive()
    world.apply(text.started(), text.succeeded())
    picture = world.receive()
    world.apply(picture.started())
    with world.conn.transaction():
        assert [task.id for task in runs.delete(world.conn, run, account_id=account)] == [picture.request.task]
    world.apply(picture.succeeded())
    rows = world.conn.execute("SELECT prefix, due_at <= now() FROM doomed_media ORDER BY 2").fetchall()
    assert rows == [(f"media/{picture.id}/", False), (f"media/{text.id}/", True)]
    for table in ("runs", "tasks", "assets", "deliveries"):
        assert world.conn.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
