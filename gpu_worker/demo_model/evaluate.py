"""Measures the committed weights: python -m gpu_worker.demo_model.evaluate.

Two plain judges. Thing: of all flat training icons, is the asked one nearest to the generated picture, both
small and blurred? Colour: is the dominant colour of the picture nearest to the asked word? Both are run on true
pictures too, since a judge that errs there cannot fail a model.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from gpu_worker.demo_model.colours import COLOURS, dominant
from gpu_worker.demo_model.dataset import held_out
from gpu_worker.demo_model.icons import FLAT, IconSets, fetch
from gpu_worker.demo_model.load import load_demo_pipeline
from gpu_worker.demo_model.pictures import Bytes, alone, painted, rasterise
from gpu_worker.demo_model.things import read_things
from gpu_worker.engines.articles import with_article
from gpu_worker.pictures.oklab import Floats, to_oklab

_SEED = 11
_STEPS = 12
_BATCH = 32
_BLUR = 4


def main() -> None:
    """Print the shares that were right."""
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.demo_model.evaluate", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/demo_model"))
    parser.add_argument("--pairs", type=int, default=200, help="how many pairs of thing and colour to try of each sort")
    given = parser.parse_args()
    pipeline, things = load_demo_pipeline(), read_things()
    sets = IconSets(fetch(given.cache / "npm"))
    sprites = {thing.name: rasterise(sets.icon(thing.label, package=FLAT)) for thing in things}
    icons = np.stack([alone(sprite) for sprite in sprites.values()])
    made = generate(pipeline, [with_article(name, name) for name in sprites])
    print(f"things: {share(nearest(made, icons), range(len(icons))):.2f} of {len(icons)}")
    unseen = held_out(things)
    pairs = [(name, colour) for name in sprites for colour in COLOURS if colour != "white"]
    rng = np.random.default_rng(_SEED)
    for title, wanted in (("trained", False), ("never trained", True)):
        pool = [pair for pair in pairs if (pair in unseen) == wanted]
        chosen = [pool[index] for index in rng.permutation(len(pool))[: given.pairs]]
        prompts = [with_article(f"{colour} {name}", name) for name, colour in chosen]
        words = [colour for _, colour in chosen]
        true = [colour_of(alone(painted(sprites[name], colour=colour))) for name, colour in chosen]
        got = [colour_of(picture) for picture in generate(pipeline, prompts)]
        print(f"colour words, {title}: {share(got, words):.2f} of {len(words)}, true pictures {share(true, words):.2f}")


def generate(pipeline: StableDiffusionPipeline, prompts: Sequence[str]) -> Bytes:
    """Return one picture for each prompt, (N, 64, 64, 3)."""
    parts: list[Bytes] = []
    for start in range(0, len(prompts), _BATCH):
        batch = list(prompts[start : start + _BATCH])
        generators = [torch.Generator().manual_seed(_SEED + start + index) for index in range(len(batch))]
        made = pipeline(
            prompt=batch, num_inference_steps=_STEPS, guidance_scale=3.0, generator=generators, output_type="np"
        )
        parts.append(np.rint(made.images * 255).astype(np.uint8))
    return np.concatenate(parts)


def nearest(pictures: Bytes, icons: Bytes) -> list[int]:
    """Return for each picture (N, 64, 64, 3) the index of the nearest icon (M, 64, 64, 3)."""
    left, right = _blurred(pictures), _blurred(icons)
    return [int(((right - one) ** 2).sum(-1).argmin()) for one in left]


def colour_of(picture: Bytes) -> str:
    """Return the colour word of what stands on the white ground of a picture (64, 64, 3)."""
    rgb = picture.astype(np.float32) / 255.0
    thing = (to_oklab(rgb)[..., 0] < 0.96) | (rgb.max(-1) - rgb.min(-1) > 0.1)
    return dominant(np.concatenate([rgb, thing[..., None].astype(np.float32)], axis=-1)).word


def share(got: Sequence[object], wanted: Sequence[object]) -> float:
    """Return the share of equal items."""
    return sum(a == b for a, b in zip(got, wanted, strict=True)) / len(wanted)


def _blurred(pictures: Bytes) -> Floats:
    count, side = len(pictures), pictures.shape[1] // _BLUR
    lab = to_oklab(pictures.astype(np.float32) / 255.0)
    return lab.reshape(count, side, _BLUR, side, _BLUR, 3).mean((2, 4)).reshape(count, -1)


if __name__ == "__main__":
    main()
