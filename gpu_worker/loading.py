"""Which engine serves a model, by what the catalogue says of it; computing is left to the engines."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from contract.catalogue import LibrarySource, Model, OwnSource, Source
from contract.kinds import Kind
from gpu_worker.engines.base import Engine

Engines = dict[Kind, Engine]


def build(model: Model, folder: Path, *, threads: int) -> Engines:
    """The engines of a model, one for each of its kinds, with its weights loaded from `folder`.

    `threads` are those of one computation on a CPU; 0 leaves the choice to torch.
    """
    loader = next(loader for loader in LOADERS if loader.serves(model))
    device = _torch_device(threads) if loader.needs_torch else "cpu"
    return {kind: engine for kind, engine in loader.load(folder, device).items() if kind in model.kinds}


@dataclass(frozen=True, slots=True)
class Loader:
    """What loads models of a kind: all of them, or those that come from one sort of source."""

    kind: Kind
    load: Callable[[Path, str], Engines]
    """Takes the folder of the weights and the device, `cpu` or `cuda`."""
    source: type[Source] | None = None
    needs_torch: bool = True

    def serves(self, model: Model) -> bool:
        """Whether a model is one of those."""
        return self.kind in model.kinds and (self.source is None or isinstance(model.source, self.source))


def _torch_device(threads: int) -> str:
    # torch and its libraries take seconds to import: not before a model needs them.
    import torch
    import transformers

    if threads:
        torch.set_num_threads(threads)
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    return "cuda" if torch.cuda.is_available() else "cpu"


def _resample(_folder: Path, _device: str) -> Engines:
    from gpu_worker.engines.resample import ResampleEngine

    return {Kind.UPSCALE: ResampleEngine()}


def _lookup(folder: Path, _device: str) -> Engines:
    from gpu_worker.engines import lookup

    return {Kind.CAPTION: lookup.load(folder)}


def _text(folder: Path, device: str) -> Engines:
    from gpu_worker.engines import text

    return {Kind.TEXT: text.load(folder, device=device)}


def _caption(folder: Path, device: str) -> Engines:
    from gpu_worker.engines import caption

    return {Kind.CAPTION: caption.load(folder, device=device)}


def _upscale(folder: Path, device: str) -> Engines:
    from gpu_worker.engines import upscale

    return {Kind.UPSCALE: upscale.load(folder, device=device)}


def _pipelines(folder: Path, device: str) -> Engines:
    from gpu_worker.engines import pipelines

    return pipelines.load(folder, device=device)


def _demo_pipelines(folder: Path, device: str) -> Engines:
    from gpu_worker.demo_model.load import editing, load_demo_pipeline
    from gpu_worker.engines import pipelines

    pipelines.quieten()
    draw = load_demo_pipeline(folder).to(device)
    return pipelines.engines(draw, editing(draw), device=device)


LOADERS = (
    Loader(Kind.UPSCALE, _resample, source=LibrarySource, needs_torch=False),
    Loader(Kind.CAPTION, _lookup, source=OwnSource, needs_torch=False),
    Loader(Kind.IMAGE, _demo_pipelines, source=OwnSource),
    Loader(Kind.TEXT, _text),
    Loader(Kind.CAPTION, _caption),
    Loader(Kind.UPSCALE, _upscale),
    Loader(Kind.IMAGE, _pipelines),
    Loader(Kind.EDIT, _pipelines),
)
"""The first that serves a model loads it. A new kind of step has its line here."""
