"""Backup and restore: a home's database, files and secrets as one tar archive that no version underneath matters to."""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
from botocore.exceptions import ClientError

from contract.keys import CONTROL_PREFIX
from infra.local import postgres, queues, storage
from infra.local.home import Home, Refused, is_running, locked, open_home, read_secrets, write_private
from infra.local.keeper import Keeper
from infra.local.parts import Parts
from infra.local.process import end_orphans, orphans
from infra.local.settings import Settings

_FORMAT = 1
_MANIFEST, _SECRETS, _SEED, _DUMP, _OBJECTS = "manifest.json", "secrets.json", "seed.json", "database.dump", "objects/"
_TYPE_HEADER = "ATELIER.content-type"
_STOP_SECONDS = 20


def backup(settings: Settings, archive: Path | None) -> None:
    """Write a home into an archive, running or not; the archive appears only when it is whole. Raises Refused."""
    home = Home(settings.home.expanduser().resolve())
    if postgres.data_major(home) is None:
        raise Refused(f"There is nothing to back up in {home.root}. Name the home: make backup ATELIER_HOME=…")
    archive = (archive or Path(f"atelier-{datetime.now().astimezone():%Y%m%d-%H%M%S}.tar")).expanduser().resolve()
    if archive.exists():
        raise Refused(f"{archive} exists already. Name another archive: make backup ARCHIVE=…")
    part = archive.with_name(f"{archive.name}.part")
    try:
        with _services(home, settings) as port:
            write_private(part, "")
            with tarfile.open(part, "w", format=tarfile.PAX_FORMAT) as tar:
                _put_all(tar, home, port=port)
        part.rename(archive)
    except OSError as error:
        raise Refused(f"{archive} could not be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    _say(f"{archive}: {archive.stat().st_size / 1e6:,.1f} MB. It holds personal data and secrets: keep it private.")


def restore(settings: Settings, archive: Path) -> None:
    """Fill a new home from an archive; the home appears only when it is whole. Raises Refused."""
    root = settings.home.expanduser().resolve()
    if root.exists() and any(root.iterdir()):
        raise Refused(f"{root} is not empty. Name a new folder: make restore ARCHIVE=… ATELIER_HOME=…")
    unfinished = root.with_name(f"{root.name}.restoring")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        with tarfile.open(archive) as tar:
            _check(tar, archive)
            home = open_home(unfinished)
            _take_all(tar, home, settings)
    except BaseException as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        if isinstance(error, (tarfile.TarError, KeyError)):
            raise Refused(f"{archive} is no archive of make backup, or is damaged.") from error
        if isinstance(error, OSError):
            raise Refused(f"{archive} could not be restored: {error.strerror or error}") from error
        raise
    if root.exists():
        root.rmdir()
    unfinished.rename(root)
    _say(f"{root} is ready: make run ATELIER_HOME={root}")


@contextmanager
def _services(home: Home, settings: Settings) -> Iterator[int]:
    """The port of S3, with PostgreSQL up too: those of a running edition, or ones that live as long as the block."""
    stop = threading.Event()
    if is_running(home):
        port = int((home.root / "storage-port").read_text())
        postgres.wait_until_ready(home, stop=stop, seconds=30)
        storage.wait_until_ready(home, port=port, stop=stop, seconds=30)
        yield port
        return
    with locked(home):
        end_orphans(orphans(home))
        read_secrets(home)
        parts = Parts(home, settings, storage.choose_port(home))
        postgres.prepare(home)
        keeper = Keeper(home, say=lambda name, text: _say(f"{name}: {text}"), stop=stop)
        try:
            keeper.keep(parts.postgres())
            keeper.keep(parts.ministack())
            postgres.wait_until_ready(home, stop=stop, meanwhile=keeper.look)
            storage.wait_until_ready(home, port=parts.storage_port, stop=stop, meanwhile=keeper.look)
            yield parts.storage_port
        finally:
            stop.set()
            keeper.end({"postgres", "ministack"}, seconds=_STOP_SECONDS, hurry=threading.Event())


def _put_all(tar: tarfile.TarFile, home: Home, *, port: int) -> None:
    manifest = {"format": _FORMAT, "made_at": datetime.now(UTC).isoformat(), "postgres": postgres.data_major(home)}
    _put(tar, _MANIFEST, json.dumps(manifest).encode())
    _put(tar, _SECRETS, home.secrets.read_bytes())
    if home.seed.exists():
        _put(tar, _SEED, home.seed.read_bytes())
    # The database first: what it names was written before, so every file of it comes along.
    _put_dump(tar, home)
    count = _put_objects(tar, queues.client("s3", home, port=port))
    _say(f"database and {count:,} files")


def _put(tar: tarfile.TarFile, name: str, data: bytes, *, pax: dict[str, str] | None = None) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = 0o600
    info.mtime = int(datetime.now(UTC).timestamp())
    info.pax_headers = pax or {}
    tar.addfile(info, BytesIO(data))


def _put_dump(tar: tarfile.TarFile, home: Home) -> None:
    with tempfile.NamedTemporaryFile(dir=home.root, prefix="dump-") as dump:
        address = postgres.database_url(home)
        _call("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={dump.name}", address)
        tar.add(dump.name, _DUMP)


def _put_objects(tar: tarfile.TarFile, s3: Any) -> int:
    count = 0
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=queues.BUCKET):
        for entry in page.get("Contents", []):
            key = str(entry["Key"])
            if key.startswith(CONTROL_PREFIX):
                continue
            try:
                found = s3.get_object(Bucket=queues.BUCKET, Key=key)
            except ClientError as error:
                if error.response["Error"]["Code"] == "NoSuchKey":
                    continue  # swept since the listing
                raise
            _put(tar, f"{_OBJECTS}{key}", found["Body"].read(), pax={_TYPE_HEADER: str(found["ContentType"])})
            count += 1
    return count


def _check(tar: tarfile.TarFile, archive: Path) -> None:
    first = tar.next()
    file = tar.extractfile(first) if first is not None and first.name == _MANIFEST else None
    if file is None:
        raise Refused(f"{archive} is not an archive of make backup.")
    manifest = json.loads(file.read())
    if manifest["format"] != _FORMAT:
        raise Refused(f"{archive} has format {manifest['format']}; this version of Atelier reads format {_FORMAT}.")


def _take_all(tar: tarfile.TarFile, home: Home, settings: Settings) -> None:
    write_private(home.secrets, _read(tar, _SECRETS).decode())
    if _SEED in tar.getnames():
        write_private(home.seed, _read(tar, _SEED).decode())
    with _services(home, settings) as port:
        queues.make(home, port=port, visibility_seconds=settings.visibility_seconds)
        _take_dump(tar, home)
        count = _take_objects(tar, queues.client("s3", home, port=port))
    _say(f"database and {count:,} files")


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(name)
    return b"" if file is None else file.read()


def _take_dump(tar: tarfile.TarFile, home: Home) -> None:
    postgres.make_database(home)
    address = postgres.database_url(home)
    with tempfile.NamedTemporaryFile(dir=home.root, prefix="dump-") as dump:
        source = tar.extractfile(_DUMP)
        if source is not None:
            shutil.copyfileobj(source, dump)
        dump.flush()
        _call("pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", f"--dbname={address}", dump.name)
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute("ANALYZE")


def _take_objects(tar: tarfile.TarFile, s3: Any) -> int:
    count = 0
    for member in tar:
        file = tar.extractfile(member) if member.name.startswith(_OBJECTS) else None
        if file is not None:
            key = member.name.removeprefix(_OBJECTS)
            kind = member.pax_headers.get(_TYPE_HEADER, "application/octet-stream")
            s3.put_object(Bucket=queues.BUCKET, Key=key, Body=file.read(), ContentType=kind)
            count += 1
    return count


def _call(name: str, *arguments: str) -> None:
    done = subprocess.run((postgres.binary(name), *arguments), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"{name} failed:\n{done.stderr.strip()}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
