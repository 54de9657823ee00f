"""`python -m gpu_worker` runs a worker, `… prepare` does what is needed once before, `… doctor` looks what is wrong."""

import logging
import os
import sys

from pydantic import ValidationError
from pydantic_settings import SettingsError

from gpu_worker.machine import logs
from gpu_worker.settings import share_cores


def main(arguments: list[str]) -> int:
    """Run what the arguments ask for; returns the exit code."""
    share_cores()
    try:
        if arguments == ["prepare"]:
            return _prepare()
        if arguments == ["doctor"]:
            return _doctor()
        if not arguments:
            return _work()
    except ValidationError as error:
        print("The worker's settings (ATELIER_…) do not fit:", file=sys.stderr)
        for fault in error.errors(include_input=False, include_url=False):
            print(f"  {_named(fault['loc'])}{fault['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        return 2
    except SettingsError as error:
        print(f"The worker's settings (ATELIER_…) do not fit: {error}", file=sys.stderr)
        return 2
    print("usage: python -m gpu_worker [prepare | doctor]", file=sys.stderr)
    return 2


def _named(place: tuple[int | str, ...]) -> str:
    """The variable that a fault is in; one between several names them itself."""
    if not place:
        return ""
    variable, *within = map(str, place)
    return ".".join([f"ATELIER_{variable.upper()}", *(part for part in within if part != "[key]")]) + ": "


def _prepare() -> int:
    from gpu_worker.commands.prepare import prepare
    from gpu_worker.settings import ModelSettings
    from gpu_worker.weights.sources import SourceMissing

    settings = ModelSettings()
    logs.set_up(settings.log_format)
    try:
        prepare(settings)
    except SourceMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _doctor() -> int:
    from gpu_worker.commands import doctor
    from gpu_worker.settings import ModelSettings, Settings

    try:
        settings = Settings()  # pyright: ignore[reportCallIssue] -- the environment fills it
    except ValidationError as error:
        if any(fault["type"] != "missing" for fault in error.errors()):
            raise
        settings = ModelSettings()
    logs.set_up(settings.log_format)
    return doctor.main(settings)


def _work() -> int:
    from contract import catalogue
    from gpu_worker.safety.pictures import Unfit
    from gpu_worker.settings import Settings
    from gpu_worker.worker import Worker

    settings = Settings()  # pyright: ignore[reportCallIssue] -- the environment fills it
    logs.set_up(settings.log_format)
    try:
        worker = Worker(settings, catalogue=catalogue.load(settings.profile))
    except Unfit as error:
        print(f"The classifier of pictures: {error}", file=sys.stderr)
        return 2
    return worker.run()


if __name__ == "__main__":
    code = main(sys.argv[1:])
    logging.shutdown()
    sys.stdout.flush()
    # A thread may be deep inside torch, whose libraries crash when the interpreter goes away under it.
    os._exit(code)
