"""Trains the demo image model from nothing: python -m gpu_worker.demo_model.train [STAGE …].

Stages: data, autoencoder, text, unet, export. Each leaves its result in the cache folder; a stage whose
result is there is skipped, and unet goes on from its last checkpoint, so a stopped training can be resumed.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny

from gpu_worker.demo_model import autoencoder, dataset, embed
from gpu_worker.demo_model.export import export
from gpu_worker.demo_model.icons import IconSets, fetch
from gpu_worker.demo_model.load import WEIGHTS
from gpu_worker.demo_model.unet import Batch, Trainer

_CAPTION_DROPOUT = 0.1
_HELD_OUT_EVERY = 97


@dataclass(frozen=True)
class Options:
    """What the command line says."""

    cache: Path
    weights: Path
    minutes: float
    autoencoder_steps: int


def make_data(options: Options) -> None:
    """Fetch the icons and draw the training pictures."""
    if (folder := options.cache / "data").exists():
        return
    dataset.build(IconSets(fetch(options.cache / "npm")), folder.with_name("data.part"))
    folder.with_name("data.part").rename(folder)


def make_autoencoder(options: Options) -> None:
    """Train the autoencoder, refuse a bad one, and encode all pictures."""
    if (options.cache / "latents.npy").exists():
        return
    pictures = np.array(dataset.load(options.cache / "data").pictures)
    unseen = np.arange(len(pictures)) % _HELD_OUT_EVERY == 0
    seen, rng = np.flatnonzero(~unseen), np.random.default_rng(0)
    model = autoencoder.new_autoencoder()
    autoencoder.train(model, lambda count: pictures[rng.choice(seen, count)], steps=options.autoencoder_steps)
    quality = autoencoder.psnr(model, pictures[unseen])
    print(f"autoencoder: {quality:.1f} dB on pictures that it never saw", flush=True)
    if quality < autoencoder.LOWEST_PSNR:
        msg = f"the autoencoder reaches {quality:.1f} dB, under {autoencoder.LOWEST_PSNR}: train it for longer"
        raise RuntimeError(msg)
    model.save_pretrained(options.cache / "autoencoder")
    part = options.cache / "latents.part.npy"
    autoencoder.encode_all(model, pictures, part)
    part.rename(options.cache / "latents.npy")


def make_texts(options: Options) -> None:
    """Embed every caption once."""
    if (path := options.cache / "texts.npy").exists():
        return
    part = path.with_name("texts.part.npy")
    embed.embed_all(dataset.load(options.cache / "data").captions, part)
    part.rename(path)


def make_unet(options: Options) -> None:
    """Train the UNet, from its last checkpoint if there is one."""
    trainer = Trainer(options.cache)
    trainer.resume()
    trainer.train(batches(options.cache), minutes=options.minutes)


def make_export(options: Options) -> None:
    """Write the averaged UNet of the last checkpoint and the autoencoder as a pipeline."""
    trainer = Trainer(options.cache)
    trainer.resume()
    model = AutoencoderTiny.from_pretrained(options.cache / "autoencoder", local_files_only=True)
    export(trainer.average, model, options.weights)
    size = sum(path.stat().st_size for path in options.weights.rglob("*"))
    print(f"export: {size / 1e6:.1f} MB in {options.weights}", flush=True)


def batches(cache: Path) -> Callable[[int], Batch]:
    """Return a function that draws a batch: a pool by its share, a picture of it, one of its captions."""
    data, rng = dataset.load(cache / "data"), np.random.default_rng()
    latents, texts = np.load(cache / "latents.npy"), np.load(cache / "texts.npy", mmap_mode="r")
    starts, ends = np.array([data.pools[pool] for pool in dataset.POOLS]).T
    shares = np.array(list(dataset.POOLS.values()))
    empty = len(data.captions)

    def draw(count: int) -> Batch:
        pools = rng.choice(len(shares), count, p=shares)
        pictures = rng.integers(starts[pools], ends[pools])
        captions = data.caption_ids[rng.integers(data.offsets[pictures], data.offsets[pictures + 1])]
        captions = np.where(rng.random(count) < _CAPTION_DROPOUT, empty, captions)
        return Batch(
            latents=torch.from_numpy(latents[pictures]).float(), texts=torch.from_numpy(texts[captions]).float()
        )

    return draw


STAGES: dict[str, Callable[[Options], None]] = {
    "data": make_data,
    "autoencoder": make_autoencoder,
    "text": make_texts,
    "unet": make_unet,
    "export": make_export,
}


def main() -> None:
    """Run the stages named on the command line, all of them when none is."""
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.demo_model.train", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"of {', '.join(STAGES)} (default: all)")
    parser.add_argument(
        "--cache", type=Path, default=Path(".cache/demo_model"), help="folder for pictures and checkpoints"
    )
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder that export replaces")
    parser.add_argument("--minutes", type=float, default=40.0, help="time for the UNet, stops and starts added up")
    parser.add_argument("--autoencoder-steps", type=int, default=2200)
    given = parser.parse_args()
    for stage in given.stages:
        if stage not in STAGES:
            parser.error(f"unknown stage {stage}: choose of {', '.join(STAGES)}")
    options = Options(given.cache, given.weights, given.minutes, given.autoencoder_steps)
    for stage, make in STAGES.items():
        if stage in (given.stages or STAGES):
            make(options)


if __name__ == "__main__":
    main()
