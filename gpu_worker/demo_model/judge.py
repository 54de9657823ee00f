"""Judges the committed weights: python -m gpu_worker.demo_model.judge.

A classifier over all things that was trained on other emoji sets says what it sees. Its share of right answers
on true pictures is printed beside each figure: it is the most that a generator can be expected to reach. Colours
are left to evaluate.py.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gpu_worker.demo_model import classifier
from gpu_worker.demo_model.autoencoder import to_tensor
from gpu_worker.demo_model.evaluate import generate, share
from gpu_worker.demo_model.icons import FLAT, JUDGE_PACKAGES, JUDGE_SETS, PACKAGES, IconSets, fetch
from gpu_worker.demo_model.load import load_demo_pipeline
from gpu_worker.demo_model.pictures import PAIR_SIDE, SIDE, Bytes, Floats, alone, rasterise, two_things
from gpu_worker.demo_model.things import Thing, read_reworded, read_things
from gpu_worker.engines.articles import with_article

_SEED = 12
_MODEL_SEED = 4

Seen = int | tuple[int, int]


@dataclass(frozen=True)
class Question:
    """Prompts, the true pictures (N, 64, 64, 3) that they ask for, what these show, and how to look at them."""

    title: str
    prompts: list[str]
    true: Bytes
    wanted: Sequence[Seen]
    look: Callable[[nn.Module, Bytes], Sequence[Seen]]


def main() -> None:
    """Print the shares that were right."""
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.demo_model.judge", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/demo_model"))
    parser.add_argument("--steps", type=int, default=1000, help="steps of the classifier's training")
    parser.add_argument("--scenes", type=int, default=150, help="how many scenes of two things to judge")
    parser.add_argument("--true-only", action="store_true", help="judge the true pictures alone")
    given = parser.parse_args()
    sets = IconSets(fetch(given.cache / "npm", (*PACKAGES, *JUDGE_PACKAGES)), (FLAT, *JUDGE_SETS))
    things = read_things()
    model = trained(given.cache / "judge.pt", sets, things, steps=given.steps)
    sprites = [rasterise(sets.icon(thing.label, package=FLAT)) for thing in things]
    for question in questions(things, sprites, scenes=given.scenes):
        ceiling = share(question.look(model, question.true), question.wanted)
        line = f"{question.title}: true pictures {ceiling:.3f} of {len(question.wanted)}"
        if not given.true_only:
            reached = share(question.look(model, generate(load_demo_pipeline(), question.prompts)), question.wanted)
            line += f", generated {reached:.3f}, {reached / ceiling:.0%} of that"
        print(line, flush=True)


def questions(things: list[Thing], sprites: list[Floats], *, scenes: int) -> Iterator[Question]:
    """Yield what is asked: each thing by name, by other words, and two things at a time."""
    icons = np.stack([alone(sprite) for sprite in sprites])
    phrases = [with_article(thing.name, thing.name) for thing in things]
    yield Question("plain", phrases, icons, range(len(things)), look_once)
    index = {name: number for number, thing in enumerate(things) for name in thing.names}
    reworded = [(index[name], prompt) for name, prompt in read_reworded()]
    wanted = [number for number, _ in reworded]
    yield Question("reworded", [prompt for _, prompt in reworded], icons[wanted], wanted, look_once)
    rng = np.random.default_rng(_SEED)
    pairs = [(int(a), int(b)) for a, b in (rng.choice(len(things), 2, replace=False) for _ in range(scenes))]
    true = np.stack([two_things(sprites[left], sprites[right], rng=rng) for left, right in pairs])
    prompts = [f"{phrases[left]} and {phrases[right]}" for left, right in pairs]
    yield Question("two things, both right", prompts, true, pairs, look_twice)


def look_once(model: nn.Module, pictures: Bytes) -> list[int]:
    """Return the thing that each picture shows."""
    return classifier.classify(model, to_tensor(pictures))


def look_twice(model: nn.Module, pictures: Bytes) -> list[tuple[int, int]]:
    """Return the left and the right thing of each scene."""
    whole = to_tensor(pictures)
    rest = SIDE - PAIR_SIDE
    boxes = (whole[..., :PAIR_SIDE, :PAIR_SIDE], whole[..., rest:, rest:])
    left, right = (classifier.classify(model, F.interpolate(box, (SIDE, SIDE), mode="bilinear")) for box in boxes)
    return list(zip(left, right, strict=True))


def trained(path: Path, sets: IconSets, things: list[Thing], *, steps: int) -> nn.Module:
    """Return the classifier, trained unless it was before."""
    torch.manual_seed(_MODEL_SEED)
    model = classifier.new_classifier(len(things))
    if path.exists():
        model.load_state_dict(torch.load(path, weights_only=True))
        return model.eval()
    sprites, numbers = _drawn_by_others(sets, things)
    print(f"classifier: {len(sprites)} pictures of {len(numbers.unique())} things", flush=True)
    classifier.train(model, sprites, numbers, steps=steps)
    torch.save(model.state_dict(), path)
    return model.eval()


def _drawn_by_others(sets: IconSets, things: list[Thing]) -> tuple[Tensor, Tensor]:
    """Return sprites (N, 4, 64, 64) with premultiplied alpha, and the number of the thing of each (N,)."""
    sprites: list[Tensor] = []
    numbers: list[int] = []
    for package in JUDGE_SETS:
        for number, thing in enumerate(things):
            try:
                icon = sets.icon(thing.label, package=package)
            except KeyError:  # older sets lack newer emojis
                continue
            sprite = torch.from_numpy(rasterise(icon)).permute(2, 0, 1)
            sprites.append(F.avg_pool2d(torch.cat([sprite[:3] * sprite[3:], sprite[3:]]), 2).half())
            numbers.append(number)
    return torch.stack(sprites), torch.tensor(numbers)


if __name__ == "__main__":
    main()
