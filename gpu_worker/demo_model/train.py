"""Trains the demo image model: python -m gpu_worker.demo_model.train [STAGE …].

Stages: data, autoencoder, text, unet, export. Each leaves its result in the cache folder; a stage whose
result is there is skipped, and unet goes on from its last checkpoint, so a stopped training can be resumed.

From nothing by default. With --start-from the autoencoder is taken over and the UNet begins at the weights of
a former training: much of the time is saved when only pictures or captions have changed. With --device cuda
the batches are larger and minutes are enough.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderTiny

from gpu_worker.demo_model import autoencoder, dataset, naming, unet
from gpu_worker.demo_model.embed import load_text_encoder, load_tokenizer
from gpu_worker.demo_model.export import export
from gpu_worker.demo_model.icons import IconSets, fetch
from gpu_worker.demo_model.load import WEIGHTS
from gpu_worker.demo_model.pictures import Bytes
from gpu_worker.demo_model.sampling import Sampler
from gpu_worker.demo_model.things import read_things
from gpu_worker.demo_model.unet import Trainer

_HELD_OUT_EVERY = 97


@dataclass(frozen=True)
class Options:
    """What the command line says beside the stages, by the names of its options."""

    cache: Path
    weights: Path
    minutes: float
    autoencoder_steps: int
    text_steps: int
    start_from: Path | None
    device: str


def make_data(options: Options) -> None:
    """Fetch the icons and draw the training pictures."""
    if (folder := options.cache / "data").exists():
        return
    dataset.build(IconSets(fetch(options.cache / "npm")), folder.with_name("data.part"))
    folder.with_name("data.part").rename(folder)


def make_autoencoder(options: Options) -> None:
    """Train the autoencoder or take it over, refuse a bad one, and encode all pictures."""
    if (options.cache / "latents.npy").exists():
        return
    pictures = np.array(dataset.load(options.cache / "data").pictures)
    unseen = np.arange(len(pictures)) % _HELD_OUT_EVERY == 0
    model = _autoencoder(options, pictures[~unseen])
    quality = autoencoder.psnr(model, pictures[unseen])
    print(f"autoencoder: {quality:.1f} dB on held-out pictures", flush=True)
    if quality < autoencoder.LOWEST_PSNR:
        msg = f"the autoencoder reaches {quality:.1f} dB, under {autoencoder.LOWEST_PSNR}: train it for longer"
        raise RuntimeError(msg)
    model.save_pretrained(options.cache / "autoencoder")
    part = options.cache / "latents.part.npy"
    autoencoder.encode_all(model, pictures, part)
    part.rename(options.cache / "latents.npy")


def _autoencoder(options: Options, pictures: Bytes) -> AutoencoderTiny:
    if options.start_from is not None:
        return _stored_autoencoder(options.start_from / "vae").to(options.device)  # pyright: ignore[reportArgumentType]
    model, rng = autoencoder.new_autoencoder(), np.random.default_rng(0)
    steps = options.autoencoder_steps
    autoencoder.train(
        model, lambda count: pictures[rng.integers(0, len(pictures), count)], steps=steps, device=options.device
    )
    return model


def _stored_autoencoder(folder: Path) -> AutoencoderTiny:
    return AutoencoderTiny.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=torch.float32)


def make_text(options: Options) -> None:
    """Teach the text encoder's last layer what captions are about."""
    folder = options.cache / "text_encoder"
    if folder.exists():
        return
    torch.manual_seed(0)
    layer = naming.new_layer(read_things(), tokenizer=load_tokenizer(), encoder=load_text_encoder())
    sampler = Sampler(options.cache, shares=naming.SHARES, device=options.device)
    naming.train(layer, sampler.named, steps=options.text_steps)
    naming.save(layer, folder)


def make_unet(options: Options) -> None:
    """Train the UNet, from its last checkpoint if there is one."""
    trainer = Trainer(options.cache, start_from=options.start_from, device=options.device)
    trainer.resume()
    sampler = Sampler(options.cache, shares=unet.SHARES, device=options.device)
    trainer.train(sampler.pictured, minutes=options.minutes)


def make_export(options: Options) -> None:
    """Write the averaged UNet of the last checkpoint, the autoencoder and the text encoder's layer as a pipeline."""
    trainer = Trainer(options.cache)
    trainer.resume()
    vae = _stored_autoencoder(options.cache / "autoencoder")
    export(trainer.average, vae, naming.load(options.cache / "text_encoder"), options.weights)
    size = sum(path.stat().st_size for path in options.weights.rglob("*"))
    print(f"export: {size / 1e6:.1f} MB in {options.weights}", flush=True)


STAGES: dict[str, Callable[[Options], None]] = {
    "data": make_data,
    "autoencoder": make_autoencoder,
    "text": make_text,
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
    parser.add_argument("--text-steps", type=int, default=1500, help="steps of the text encoder's last layer")
    parser.add_argument("--start-from", type=Path, help="weights of a former training to go on from")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    given = vars(parser.parse_args())
    wanted = given.pop("stages") or list(STAGES)
    for stage in wanted:
        if stage not in STAGES:
            parser.error(f"unknown stage {stage}: choose of {', '.join(STAGES)}")
    options = Options(**given)
    for stage, make in STAGES.items():
        if stage in wanted:
            make(options)


if __name__ == "__main__":
    main()
