"""Makes the demo gallery through the public API: pipelines, their runs, and the results that are published.

It can be killed and called again at any point: what is there is found by title, inputs and seed and not made twice.
"""

import json
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.home import Home, Refused, write_private
from infra.local.seed import gallery
from infra.local.seed.api import Api, Problem
from infra.local.seed.gallery import Named, OutputOf, Result

_HANDLE = "atelier"
_EMAIL = "atelier@localhost.invalid"
_POLL_SECONDS = 1.0
_FINAL = {"succeeded", "failed", "cancelled"}

Tell = Callable[[str, float], None]


def seed(address: str, *, key: str | None, home: Path | None) -> None:
    """Bring the whole gallery into a deployment, as the owner of the key or as the home's account `atelier`.

    A home remembers what it was given, so that what its people delete stays deleted. Raises Refused.
    """
    address = address.rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise Refused("Say where to: make seed API=http://localhost:8000 KEY=atl_…")
    everything = gallery.read()
    if home is None:
        if not key:
            raise Refused("Say as whom, with an API key of that account: make seed API=… KEY=atl_…")
        _plant(Api(address, key=key), everything, tell=_tell_person)
        return
    memory = _Memory(Home(home))
    missing = [one for one in everything if one.name not in memory.planted()]
    if missing:
        api = Api(address, key=memory.key(address))
        _plant(api, everything, only={one.name for one in missing}, tell=_tell_supervisor)
        memory.note([one.name for one in missing])


class _Memory:
    """What a home knows about its gallery: the account's password and key, and what was planted already."""

    def __init__(self, home: Home) -> None:
        self._path = home.seed
        self._known: dict[str, Any] = json.loads(self._path.read_text()) if self._path.exists() else {}

    def planted(self) -> set[str]:
        return set(self._known.get("planted", []))

    def note(self, names: list[str]) -> None:
        self._keep(planted=sorted(self.planted() | set(names)))

    def key(self, address: str) -> str:
        """A key of the account `atelier`, which is made when it is not there."""
        if (known := self._known.get("key")) and _works(Api(address, key=known)):
            return str(known)
        password = self._known.get("password") or secrets.token_urlsafe(24)
        self._keep(password=password)
        session = _open_session(Api(address), password)
        key = str(session.call("POST", "/keys", {"name": "Demo gallery"})["key"])
        self._keep(key=key)
        return key

    def _keep(self, **more: Any) -> None:
        self._known |= more
        write_private(self._path, json.dumps(self._known, indent=1))


def _works(api: Api) -> bool:
    try:
        api.call("GET", "/me")
    except Problem as problem:
        if problem.status == 401:
            return False
        raise
    return True


def _open_session(api: Api, password: str) -> Api:
    try:
        return api.sign_in("/accounts", {"handle": _HANDLE, "email": _EMAIL, "password": password})
    except Problem as problem:
        if problem.status != 409:
            raise
    try:
        return api.sign_in("/sessions", {"login": _HANDLE, "password": password})
    except Problem as problem:
        raise Refused(
            f"The account {_HANDLE} exists with another password, so the demo gallery is left out."
        ) from problem


@dataclass
class _Job:
    """One result on its way: a run of a pipeline, published once it has succeeded."""

    name: str
    index: int
    pipeline_id: str
    result: Result
    run: dict[str, Any] | None = None
    is_done: bool = field(default=False)


def _plant(api: Api, everything: list[Named], *, tell: Tell, only: set[str] | None = None) -> None:
    handle = str(api.call("GET", "/me")["handle"])
    known = {one["title"]: str(one["id"]) for one in api.every("/pipelines", author=handle)}
    jobs: list[_Job] = []
    for named in everything:
        wanted = only is None or named.name in only
        if named.pipeline.title not in known:
            if not wanted:
                continue
            known[named.pipeline.title] = str(api.call("POST", "/pipelines", named.pipeline.body())["id"])
        pipeline_id = known[named.pipeline.title]
        jobs += [_Job(named.name, k, pipeline_id, result) for k, result in enumerate(named.pipeline.results)]
    _run_all(api, jobs, tell=tell)


def _run_all(api: Api, jobs: list[_Job], *, tell: Tell) -> None:
    runs = [run for run in api.every("/runs") if run["state"] not in {"failed", "cancelled"}]
    told = -1
    while True:
        for job in jobs:
            if not job.is_done:
                _advance(api, job, jobs, runs)
        done = sum(job.is_done for job in jobs)
        if done != told:
            told = done
            tell(f"Filling the gallery: {done} of {len(jobs)} results", done / max(1, len(jobs)))
        if done == len(jobs):
            return
        time.sleep(_POLL_SECONDS)


def _advance(api: Api, job: _Job, jobs: list[_Job], runs: list[dict[str, Any]]) -> None:
    """Bring one result a step further: start its run, look after it, publish it."""
    if job.run is None:
        inputs = _inputs(api, job, jobs)
        if inputs is None:
            return
        job.run = _known_run(job, inputs, runs) or _start(api, job, inputs)
    elif job.run["state"] not in _FINAL:
        job.run = api.call("GET", f"/runs/{job.run['id']}")
    if job.run["state"] in _FINAL:
        job.is_done = True
        if job.run["state"] == "succeeded" and job.run["result"] is None:
            job.run = {**job.run, "result": _publish(api, job)}


def _inputs(api: Api, job: _Job, jobs: list[_Job]) -> dict[str, str] | None:
    """The inputs of a run; None while a picture that it starts from is not made yet."""
    filled: dict[str, str] = {}
    for name, value in job.result.inputs.items():
        if isinstance(value, str):
            filled[name] = value
            continue
        source = _find(value, jobs)
        if source.run is None or source.run["state"] not in _FINAL:
            return None
        if source.run["state"] != "succeeded":
            raise Refused(f"{job.name} starts from a picture of {value.pipeline}, which could not be made.")
        whole = api.call("GET", f"/runs/{source.run['id']}")
        filled[name] = str(whole["tasks"][-1]["outputs"][0]["id"])
    return filled


def _find(output: OutputOf, jobs: list[_Job]) -> _Job:
    return next(job for job in jobs if (job.name, job.index) == (output.pipeline, output.result))


def _known_run(job: _Job, inputs: dict[str, str], runs: list[dict[str, Any]]) -> dict[str, Any] | None:
    wanted = (job.pipeline_id, job.result.seed)
    for run in runs:
        if (run["pipeline"], run["seed"]) == wanted and inputs.items() <= run["inputs"].items():
            return run
    return None


def _start(api: Api, job: _Job, inputs: dict[str, str]) -> dict[str, Any]:
    body = {"pipeline": job.pipeline_id, "inputs": inputs, "seed": job.result.seed}
    started: dict[str, Any] = api.call("POST", "/runs", body)
    return started


def _publish(api: Api, job: _Job) -> dict[str, Any]:
    assert job.run is not None  # noqa: S101 - only runs that succeeded come here
    published: dict[str, Any] = api.call("PUT", f"/runs/{job.run['id']}/result", {"title": job.result.title})
    return published


def _tell_person(message: str, fraction: float) -> None:
    sys.stdout.write(f"{fraction:4.0%}  {message}\n")
    sys.stdout.flush()


def _tell_supervisor(message: str, fraction: float) -> None:
    print(json.dumps({"level": "INFO", "message": message, "fraction": fraction}), flush=True)
