"""Starts every part of one home side by side, watches them, and stops them in order; what a part does is its own."""

import errno
import math
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psutil

from infra.local import postgres, queues, storage
from infra.local.home import Home, Refused, check_room, locked, open_home, read_secrets
from infra.local.keeper import Keeper, Stopped
from infra.local.parts import Parts
from infra.local.process import end_orphans, log_file, nothing, orphans
from infra.local.settings import ROOT, Settings
from infra.local.terminal import Follower, Terminal, progress_of, readable

_TICK_SECONDS = 0.1
_ANSWER_SECONDS = 120
_STOP_SECONDS = 10
_FIRST_TIME_SECONDS = 3
"""Preparing models that are ready takes less."""
_PREPARE_SECONDS = 15
_LEAVING_SECONDS = 2
"""A killed process keeps its lock and its port until its memory is free again."""
_ROOM_SECONDS = 60
_IMPATIENT = "FATAL:  the database system is "
"""PostgreSQL says so to everybody who asks while it starts."""
_LOGS = ("postgres", "ministack", "migrate", "api", "loop", "models", "worker", "seed", "page")


def run(settings: Settings, *, dev: bool = False) -> None:
    """The whole edition until Ctrl-C; with `dev` its parts follow their sources. Raises Refused."""
    _check_page()
    terminal = Terminal()
    home = open_home(settings.home)
    with locked(home, patience=_LEAVING_SECONDS) as lock:
        read_secrets(home)
        _end_orphans(home, terminal)
        with _listen(settings) as listening:
            port = listening.getsockname()[1]
            address = f"http://{_shown_host(settings.bind)}:{port}"
            lock.write(f"{address} (process {os.getpid()})")
            lock.flush()
            Supervisor(settings, home=home, terminal=terminal, dev=dev).run(listening, address=address)


def _check_page() -> None:
    if not (ROOT / "web" / "dist" / "index.html").exists():
        raise Refused("The web page is not built yet; make run builds it.")


def _end_orphans(home: Home, terminal: Terminal) -> None:
    if found := orphans(home):
        terminal.say("start", f"ending what a killed start left behind: {', '.join(sorted({o.name for o in found}))}")
        end_orphans(found)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.bind else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        _bind(listening, settings)
    except OSError as error:
        listening.close()
        raise Refused(_why_no_port(settings, error)) from error
    listening.listen(1024)
    return listening


def _bind(listening: socket.socket, settings: Settings) -> None:
    give_up = time.monotonic() + _LEAVING_SECONDS
    while True:
        try:
            return listening.bind((settings.bind, settings.port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > give_up:
                raise
            time.sleep(_TICK_SECONDS)


def _why_no_port(settings: Settings, error: OSError) -> str:
    if isinstance(error, PermissionError):
        return (
            f"Port {settings.port} may not be used by you ({error.strerror})."
            " Choose another: make run ATELIER_PORT=8001"
        )
    if error.errno == errno.EADDRINUSE:
        holder = _holder(settings.port)
        return f"Port {settings.port} is taken by {holder}. Stop that, or choose another: make run ATELIER_PORT=8001"
    return (
        f"Nothing can listen on {settings.bind} ({error.strerror})."
        " Name an address of this machine: make run ATELIER_BIND=127.0.0.1"
    )


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return "another program"
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
            return _described(connection.pid)
    return "another program"


def _described(pid: int | None) -> str:
    try:
        return "another program" if pid is None else f"“{psutil.Process(pid).name()}” (process {pid})"
    except psutil.Error:
        return "another program"


def _shown_host(bind: str) -> str:
    if bind in {"127.0.0.1", "0.0.0.0", "::", "::1"}:  # noqa: S104 - compared with, not bound to
        return "localhost"
    return f"[{bind}]" if ":" in bind else bind


class Supervisor:
    """One edition from its start to its stop."""

    def __init__(self, settings: Settings, *, home: Home, terminal: Terminal, dev: bool = False) -> None:
        self._settings = settings
        self._home = home
        self._terminal = terminal
        self._dev = dev
        self._stop = threading.Event()
        self._asked_twice = threading.Event()
        self._keeper = Keeper(home, say=terminal.say, stop=self._stop)
        self._followers = {name: Follower(log_file(home, name)) for name in _LOGS}
        self._parts = Parts(home, settings, storage.choose_port(home))

    def run(self, listening: socket.socket, *, address: str) -> None:
        """Start, say where the page is, and watch until somebody asks to stop. Raises Refused when it cannot start."""
        with self._obeying_signals():
            printer = threading.Thread(target=self._print_logs, daemon=True)
            printer.start()
            try:
                self._start(listening, address=address)
                self._watch()
            except Stopped:
                pass
            finally:
                self._stop.set()
                self._end_all()
                printer.join(timeout=2)

    @contextmanager
    def _obeying_signals(self) -> Iterator[None]:
        def ask(*_: object) -> None:
            if self._stop.is_set():
                self._asked_twice.set()
            self._stop.set()

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self, listening: socket.socket, *, address: str) -> None:
        # Side by side: each takes a second or more, and the models minutes.
        stored = threading.Event()
        threading.Thread(target=self._start_worker, args=(stored,), daemon=True).start()
        with ThreadPoolExecutor() as pool, self._stopping_on_error():
            database = pool.submit(self._start_database)
            pool.submit(self._start_storage).result()
            stored.set()
            database.result()
        self._keeper.keep(self._parts.api(listen_fd=listening.fileno()))
        self._keeper.keep(self._parts.loop())
        own_address = f"http://{self._own_host()}:{listening.getsockname()[1]}"
        self._wait_for_page(own_address)
        if self._dev:
            address = self._follow_sources(own_address)
        self._terminal.show(f"\n  Atelier is ready: {address}\n  Its data are in {self._home.root}; Ctrl-C stops it.\n")
        if self._settings.seed:
            self._keeper.start(self._parts.seed(address=own_address))

    def _follow_sources(self, own_address: str) -> str:
        """The address of the page that follows its sources; the parts follow theirs from now on."""
        from infra.local import dev

        self._keeper.keep(dev.page(address=own_address, port=self._settings.dev_port))
        threading.Thread(target=dev.restart_on_change, args=(self._keeper,), kwargs={"stop": self._stop}).start()
        return f"http://localhost:{self._settings.dev_port}"

    @contextmanager
    def _stopping_on_error(self) -> Iterator[None]:
        """What goes wrong here ends the waiting of the other threads, too."""
        try:
            yield
        except BaseException:
            self._stop.set()
            raise

    def _own_host(self) -> str:
        if self._settings.bind in {"0.0.0.0", "::"}:  # noqa: S104 - compared with, not bound to
            return "127.0.0.1"
        return f"[{self._settings.bind}]" if ":" in self._settings.bind else self._settings.bind

    def _start_database(self) -> None:
        postgres.prepare(self._home)
        self._keeper.keep(self._parts.postgres(), before=lambda: postgres.prepare(self._home))
        postgres.wait_until_ready(self._home, stop=self._stop, meanwhile=self._keeper.look)
        postgres.make_database(self._home)
        self._keeper.once(self._parts.migrate(), wrong="The database could not be brought up to date")

    def _start_storage(self) -> None:
        self._keeper.keep(self._parts.ministack(), after=self._make_queues)
        self._make_queues(meanwhile=self._keeper.look)

    def _make_queues(self, *, meanwhile: Callable[[], None] = nothing) -> None:
        port = self._parts.storage_port
        storage.wait_until_ready(self._home, port=port, stop=self._stop, meanwhile=meanwhile)
        queues.make(self._home, port=port, visibility_seconds=self._settings.visibility_seconds)

    def _start_worker(self, stored: threading.Event) -> None:
        with suppress(Stopped):
            try:
                self._prepare_models()
            except Refused as refused:
                # The worker offers whatever it can run without the rest.
                self._terminal.say("models", str(refused))
            while not stored.wait(_TICK_SECONDS):
                if self._stop.is_set():
                    return
            self._keeper.keep(self._parts.worker())

    def _prepare_models(self) -> None:
        preparing = self._keeper.start(self._parts.prepare())
        began = time.monotonic()
        while preparing.poll() is None:
            if self._stop.wait(_TICK_SECONDS):
                raise Stopped
            if (seconds := time.monotonic() - began) > _FIRST_TIME_SECONDS:
                # An estimate that slows down: how long it really takes is the machine's secret.
                fraction = 1 - math.exp(-seconds / _PREPARE_SECONDS)
                self._terminal.progress("Preparing the models, once (about half a minute)", fraction)
        self._terminal.progress("", None)
        if preparing.returncode:
            raise Refused(f"Not every model could be prepared; the reason stands in {self._home.logs}/models.log")

    def _wait_for_page(self, address: str) -> None:
        give_up = time.monotonic() + _ANSWER_SECONDS
        while not all(_answers(f"{address}{path}") for path in ("/api/v1/health", "/")):
            self._keeper.look()
            if self._stop.wait(_TICK_SECONDS):
                raise Stopped
            if time.monotonic() > give_up:
                raise Refused(f"The page did not answer within {_ANSWER_SECONDS} s; see {self._home.logs}.")

    def _watch(self) -> None:
        room_due = time.monotonic() + _ROOM_SECONDS
        while not self._stop.wait(_TICK_SECONDS):
            self._keeper.tick()
            if time.monotonic() > room_due:
                room_due = time.monotonic() + _ROOM_SECONDS
                self._check_room()

    def _check_room(self) -> None:
        try:
            check_room(self._home)
        except Refused as refused:
            self._terminal.say("disk", str(refused))

    def _end_all(self) -> None:
        self._terminal.progress("", None)
        self._terminal.say("stop", "stopping; once more Ctrl-C does not wait for anything")
        # The worker hands its tasks back, then nobody needs the queues and the database any more.
        for names in ({"worker", "models", "seed", "page"}, {"api", "loop", "migrate"}, {"ministack", "postgres"}):
            self._keeper.end(names, seconds=_STOP_SECONDS, hurry=self._asked_twice)
        self._terminal.say("stop", "everything has stopped")

    def _print_logs(self) -> None:
        while not self._stop.wait(_TICK_SECONDS):
            self._print_new_lines()
        self._print_new_lines()

    def _print_new_lines(self) -> None:
        for name, follower in self._followers.items():
            for line in follower.lines():
                self._print(name, line)

    def _print(self, name: str, line: str) -> None:
        if (step := progress_of(line)) is not None:
            self._terminal.progress(*step)
        elif line.strip() and _IMPATIENT not in line:
            self._terminal.say(name, readable(line))


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 - an address of our own
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
