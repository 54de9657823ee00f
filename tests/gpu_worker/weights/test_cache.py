"""Which models stay loaded, and what else may happen meanwhile."""

import threading
from pathlib import Path
from typing import Any, cast

import pytest

from contract.catalogue import Catalogue, Model
from contract.kinds import Kind
from gpu_worker.engines.base import Engine
from gpu_worker.failures import TaskFailure
from gpu_worker.weights.cache import ModelCache
from tests.gpu_worker.models import TINY


def three_models() -> list[Model]:
    return [TINY.model_copy(update={"id": name, "memory_bytes": 40}) for name in ("a1", "b1", "c1")]


class Shelf:
    """Models that load at once and tell when they do."""

    def __init__(self, tmp_path: Path, *, memory_bytes: int, broken: frozenset[str] = frozenset()) -> None:
        self.a, self.b, self.c = models = three_models()
        for model in models:
            (tmp_path / f"{model.id}-{model.revision[:12]}").mkdir()
        self.built: list[str] = []
        self.broken = broken
        self.models = ModelCache(
            Catalogue(models=tuple(models)), models_dir=tmp_path, memory_bytes=memory_bytes, build=self._build
        )

    def _build(self, model: Model, _folder: Path) -> dict[Kind, Engine]:
        self.built.append(model.id)
        if model.id in self.broken:
            raise OSError("half a file")
        return {kind: cast("Any", object()) for kind in model.kinds}

    def use(self, model: Model) -> None:
        with self.models.engine(model, Kind.IMAGE):
            pass


def test_a_model_is_loaded_once_and_kept(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, memory_bytes=100)
    for _ in range(3):
        shelf.use(shelf.a)
        shelf.use(shelf.b)
    assert shelf.built == ["a1", "b1"]


def test_the_least_recently_used_model_makes_room(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, memory_bytes=100)
    for model in (shelf.a, shelf.b, shelf.a, shelf.c, shelf.a):
        shelf.use(model)
    assert shelf.built == ["a1", "b1", "c1"]
    shelf.use(shelf.b)
    assert shelf.built == ["a1", "b1", "c1", "b1"]


def test_a_model_larger_than_all_room_is_still_loaded(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, memory_bytes=10)
    shelf.use(shelf.a)
    assert shelf.built == ["a1"]


def test_what_fits_is_loaded_in_advance(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, memory_bytes=100, broken=frozenset({"a1"}))
    shelf.models.preload("image")
    assert shelf.built == ["a1", "b1"]
    shelf.models.preload("text")
    assert shelf.built == ["a1", "b1"]


def test_a_model_that_does_not_load_fails_the_task_for_now(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, memory_bytes=100, broken=frozenset({"a1"}))
    with pytest.raises(TaskFailure) as failed:
        shelf.use(shelf.a)
    assert (failed.value.code, failed.value.retryable) == ("model_unavailable", True)
    shelf.use(shelf.b)


def test_only_models_whose_files_are_here_are_offered(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, memory_bytes=100)
    (tmp_path / "b1-111111111111").rmdir()
    assert shelf.models.offered("image") == ["a1", "c1"]
    with pytest.raises(TaskFailure) as failed:
        shelf.use(shelf.b)
    assert failed.value.code == "model_unavailable"


def bytes_read() -> int:
    """By this process so far, from files in memory as well."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux tells how much a process has read")
def test_the_weights_of_a_model_that_will_be_needed_are_read_once(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, memory_bytes=100)
    size = 20_000_000
    (tmp_path / "a1-111111111111" / "unet.safetensors").write_bytes(bytes(size))
    began = bytes_read()
    shelf.models.read_ahead(shelf.a)
    assert bytes_read() - began >= size
    shelf.models.read_ahead(shelf.a)
    shelf.use(shelf.a)
    shelf.models.read_ahead(shelf.a)
    assert bytes_read() - began < 2 * size
    shelf.use(shelf.b)
    shelf.use(shelf.c)
    shelf.models.read_ahead(shelf.a)
    assert bytes_read() - began >= 2 * size


def test_nothing_is_built_while_something_computes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, memory_bytes=100)
    shelf.use(shelf.a)
    with shelf.models.engine(shelf.a, Kind.IMAGE):
        builder = threading.Thread(target=shelf.use, args=(shelf.b,))
        builder.start()
        builder.join(timeout=0.2)
        assert shelf.built == ["a1"]
    builder.join(timeout=10)
    assert shelf.built == ["a1", "b1"]
