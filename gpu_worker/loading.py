"""Which engine serves a model, by what the catalogue says; computing is left to the engines."""

from pathlib import Path

from contract.catalogue import LibrarySource, Model, OwnSource
from contract.kinds import Kind
from gpu_worker.engines.base import Engine


def build(model: Model, folder: Path, *, threads: int) -> dict[Kind, Engine]:
    """The engines of a model, one for each of its kinds, with its weights loaded from `folder`.

    `threads` are those of one computation on a CPU; 0 leaves the choice to torch.
    """
    if Kind.UPSCALE in model.kinds and isinstance(model.source, LibrarySource):
        from gpu_worker.engines.resample import ResampleEngine

        return {Kind.UPSCALE: ResampleEngine()}
    if Kind.CAPTION in model.kinds and isinstance(model.source, OwnSource):
        from gpu_worker.engines import lookup

        return {Kind.CAPTION: lookup.load(folder)}
    # torch and its libraries take seconds to import: not before a model needs them.
    import torch
    import transformers

    if threads:
        torch.set_num_threads(threads)
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if Kind.TEXT in model.kinds:
        from gpu_worker.engines import text

        return {Kind.TEXT: text.load(folder, device=device)}
    if Kind.CAPTION in model.kinds:
        from gpu_worker.engines import caption

        return {Kind.CAPTION: caption.load(folder, device=device)}
    if Kind.UPSCALE in model.kinds:
        from gpu_worker.engines import upscale

        return {Kind.UPSCALE: upscale.load(folder, device=device)}
    from gpu_worker.engines import pipelines

    return pipelines.load(model, folder, device=device)
