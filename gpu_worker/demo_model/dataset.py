"""The training set: pictures in six pools, each with its captions and what it shows, kept as arrays in a folder."""

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

POOLS = ("original", "recolour", "noto", "pair", "ground", "described")
_PAIR_COUNT = 45_000
_GROUND_COUNT = 6_000
_CAPTIONS = {"original": 15, "recolour": 3, "noto": 4}
_COLOURED_SHARE = 0.4
_HELD_OUT_SHARE = 0.08
_SEED = 20

Coloured: TypeAlias = tuple[Thing, str | None]


@dataclass(frozen=True)
class Entry:
    """A picture (64, 64, 3) of a pool, its captions, and the thing that these mean where its name would say it all."""

    pool: str
    picture: Bytes
    captions: list[str]
    thing: Thing | None = None


@dataclass(frozen=True)
class Dataset:
    """Pictures (N, 64, 64, 3); caption_ids[offsets[i]:offsets[i+1]] index the captions of picture i.

    things (N,) is the number of the thing whose bare name says what the captions of a picture say with other words, or
    -1: they are names themselves, or say more.
    """

    pictures: Bytes
    captions: list[str]
    caption_ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    things: NDArray[np.int16]
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
    shown: list[int] = []
    index: dict[str, int] = {}
    caption_ids: list[int] = []
    offsets, pools = [0], dict[str, tuple[int, int]]()
    numbers = {thing: number for number, thing in enumerate(read_things())}
    for entry in _entries(sets):
        start, _ = pools.get(entry.pool, (len(pictures), 0))
        pictures.append(entry.picture)
        shown.append(-1 if entry.thing is None else numbers[entry.thing])
        pools[entry.pool] = (start, len(pictures))
        caption_ids.extend(index.setdefault(text, len(index)) for text in entry.captions)
        offsets.append(len(caption_ids))
    np.save(folder / "pictures.npy", np.stack(pictures))
    np.savez(
        folder / "links.npz",
        caption_ids=np.array(caption_ids, np.int32),
        offsets=np.array(offsets),
        things=np.array(shown, np.int16),
    )
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
        things=links["things"],
        pools={pool: (start, end) for pool, (start, end) in texts["pools"].items()},
    )


def _entries(sets: IconSets) -> Iterator[Entry]:
    things, rng = read_things(), np.random.default_rng(_SEED)
    flat = {thing: rasterise(sets.icon(thing.label, package=FLAT)) for thing in things}
    for thing, sprite in flat.items():
        yield Entry("original", alone(sprite), captions.by_name(thing, count=_CAPTIONS["original"], rng=rng))
    coloured = _coloured(flat, held_out(things))
    for (thing, colour), sprite in coloured.items():
        texts = captions.of_one(thing, colour=colour, count=_CAPTIONS["recolour"], rng=rng)
        yield Entry("recolour", alone(_floats(sprite)), texts)
    for thing in things:
        sprite = rasterise(sets.icon(thing.label, package=NOTO))
        texts = captions.of_one(thing, colour=None, count=_CAPTIONS["noto"], rng=rng)
        yield Entry("noto", alone(sprite), captions.in_noto_style(texts))
    sprites: dict[Coloured, Bytes] = {(thing, None): _stored(s) for thing, s in flat.items()}
    yield from _mixed({**sprites, **coloured}, things, rng)
    descriptions = read_descriptions()
    for thing, sprite in flat.items():
        texts = [text for each in descriptions[thing.name] for text in captions.described(each, rng=rng)]
        yield Entry("described", alone(sprite), texts + captions.in_sentences(thing, rng=rng), thing)


def _mixed(sprites: dict[Coloured, Bytes], things: list[Thing], rng: np.random.Generator) -> Iterator[Entry]:
    colours = list(COLOURS)

    def draw() -> Coloured:
        """A thing, sometimes in a colour."""
        thing = things[rng.integers(len(things))]
        colour = colours[rng.integers(len(colours))] if rng.random() < _COLOURED_SHARE else None
        return (thing, colour) if (thing, colour) in sprites else draw()

    for _ in range(_PAIR_COUNT):
        left, right = draw(), draw()
        picture = two_things(_floats(sprites[left]), _floats(sprites[right]), rng=rng)
        yield Entry("pair", picture, [captions.of_pair(left, right, rng=rng)])
    for _ in range(_GROUND_COUNT):
        thing, colour = draw()
        ground = colours[rng.integers(len(colours))]
        picture = alone(_floats(sprites[thing, colour]), background=ground)
        texts = [captions.on_ground(thing, colour=colour, ground=ground, rng=rng)]
        yield Entry("ground", picture, texts)


def _coloured(flat: dict[Thing, Floats], without: set[tuple[str, str]]) -> dict[Coloured, Bytes]:
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
