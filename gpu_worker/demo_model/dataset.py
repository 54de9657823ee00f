"""The training set: pictures in five pools, each picture with its captions, kept as arrays in a folder."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gpu_worker.demo_model import captions
from gpu_worker.demo_model.colours import COLOURS
from gpu_worker.demo_model.icons import FLAT, NOTO, IconSets
from gpu_worker.demo_model.pictures import Bytes, Floats, alone, painted, rasterise, two_things
from gpu_worker.demo_model.things import Thing, read_descriptions, read_things

# Share of each pool in a batch: originals fix what a thing is, two-object pictures need the most variety.
POOLS = {"original": 0.31, "recolour": 0.26, "noto": 0.04, "pair": 0.33, "ground": 0.06}
_PAIR_COUNT = 45_000
_GROUND_COUNT = 6_000
_CAPTIONS = {"original": 27, "description": 5, "recolour": 5, "noto": 6}
_COLOURED_SHARE = 0.4
_HELD_OUT_SHARE = 0.08
_SEED = 20

Entry: TypeAlias = tuple[str, Bytes, list[str]]


@dataclass(frozen=True)
class Dataset:
    """Pictures (N, 64, 64, 3); caption_ids[offsets[i]:offsets[i+1]] index the captions of picture i."""

    pictures: Bytes
    captions: list[str]
    caption_ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    pools: dict[str, tuple[int, int]]


def held_out(things: list[Thing]) -> set[tuple[str, str]]:
    """Return the (name, colour) pairs that are never trained, so that a sheet can show what is new."""
    rng = np.random.default_rng(_SEED)
    pairs = [(thing.name, colour) for thing in things for colour in COLOURS]
    return {pair for pair in pairs if rng.random() < _HELD_OUT_SHARE}


def build(sets: IconSets, folder: Path) -> None:
    """Draw and caption every picture, and write them under folder."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: list[Bytes] = []
    index: dict[str, int] = {}
    caption_ids: list[int] = []
    offsets, pools = [0], dict[str, tuple[int, int]]()
    for pool, picture, texts in _entries(sets):
        start, _ = pools.get(pool, (len(pictures), 0))
        pictures.append(picture)
        pools[pool] = (start, len(pictures))
        caption_ids.extend(index.setdefault(text, len(index)) for text in texts)
        offsets.append(len(caption_ids))
    np.save(folder / "pictures.npy", np.stack(pictures))
    np.savez(folder / "links.npz", caption_ids=np.array(caption_ids, np.int32), offsets=np.array(offsets))
    (folder / "captions.json").write_text(json.dumps({"captions": list(index), "pools": pools}))


def load(folder: Path) -> Dataset:
    """Return what build wrote; the pictures stay on disk until they are read."""
    links = np.load(folder / "links.npz")
    texts = json.loads((folder / "captions.json").read_text())
    return Dataset(
        pictures=np.load(folder / "pictures.npy", mmap_mode="r"),
        captions=texts["captions"],
        caption_ids=links["caption_ids"],
        offsets=links["offsets"],
        pools={pool: (start, end) for pool, (start, end) in texts["pools"].items()},
    )


def _entries(sets: IconSets) -> Iterator[Entry]:
    things, rng, descriptions = read_things(), np.random.default_rng(_SEED), read_descriptions()
    flat = {thing: rasterise(sets.icon(thing.label, package=FLAT)) for thing in things}
    for thing, sprite in flat.items():
        texts = captions.of_one(thing, colour=None, count=_CAPTIONS["original"], rng=rng)
        for description in descriptions[thing.name]:
            texts += captions.described(description, count=_CAPTIONS["description"], rng=rng)
        yield "original", alone(sprite), texts
    coloured = _coloured(flat, held_out(things))
    for (thing, colour), sprite in coloured.items():
        texts = captions.of_one(thing, colour=colour, count=_CAPTIONS["recolour"], rng=rng)
        yield "recolour", alone(_floats(sprite)), texts
    for thing in things:
        sprite = rasterise(sets.icon(thing.label, package=NOTO))
        texts = captions.of_one(thing, colour=None, count=_CAPTIONS["noto"], rng=rng)
        yield "noto", alone(sprite), captions.in_noto_style(texts)
    sprites: dict[tuple[Thing, str | None], Bytes] = {(thing, None): _stored(s) for thing, s in flat.items()}
    yield from _mixed({**sprites, **coloured}, things, rng)


def _mixed(
    sprites: dict[tuple[Thing, str | None], Bytes], things: list[Thing], rng: np.random.Generator
) -> Iterator[Entry]:
    colours = list(COLOURS)

    def draw() -> tuple[Thing, str | None]:
        """A thing, sometimes in a colour."""
        thing = things[rng.integers(len(things))]
        colour = colours[rng.integers(len(colours))] if rng.random() < _COLOURED_SHARE else None
        return (thing, colour) if (thing, colour) in sprites else draw()

    for _ in range(_PAIR_COUNT):
        left, right = draw(), draw()
        picture = two_things(_floats(sprites[left]), _floats(sprites[right]), rng=rng)
        yield "pair", picture, [captions.of_pair(left, right, rng=rng)]
    for _ in range(_GROUND_COUNT):
        thing, colour = draw()
        ground = colours[rng.integers(len(colours))]
        picture = alone(_floats(sprites[thing, colour]), background=ground)
        yield "ground", picture, [captions.on_ground(thing, colour=colour, ground=ground, rng=rng)]


def _coloured(flat: dict[Thing, Floats], without: set[tuple[str, str]]) -> dict[tuple[Thing, str | None], Bytes]:
    return {
        (thing, colour): _stored(painted(sprite, colour=colour))
        for thing, sprite in flat.items()
        for colour in COLOURS
        if (thing.name, colour) not in without
    }


def _stored(sprite: Floats) -> Bytes:
    return np.rint(sprite * 255.0).astype(np.uint8)


def _floats(sprite: Bytes) -> Floats:
    return sprite.astype(np.float32) / 255.0
