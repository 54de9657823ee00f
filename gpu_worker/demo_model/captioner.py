"""Makes the index of the demo captioner and measures it: python -m gpu_worker.demo_model.captioner.

Every thing as it is and in every other colour word, small; describing a picture means finding the nearest.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from safetensors.numpy import save_file

from gpu_worker.demo_model.colours import COLOURS
from gpu_worker.demo_model.evaluate import colour_of, generate, share
from gpu_worker.demo_model.icons import FLAT, IconSets, fetch
from gpu_worker.demo_model.load import load_demo_pipeline
from gpu_worker.demo_model.pictures import Bytes, alone, painted, rasterise
from gpu_worker.demo_model.things import read_things
from gpu_worker.engines import lookup
from gpu_worker.engines.articles import with_article

FOLDER = Path(__file__).with_name("caption_index")
_SEED = 5


def main() -> None:
    """Write the index and print how many generated pictures it names right."""
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.demo_model.captioner", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(".cache/demo_model"))
    parser.add_argument("--pictures", type=int, default=120, help="how many generated pictures of each sort to judge")
    given = parser.parse_args()
    known = dict(_known(given.cache))
    write(list(known), list(known.values()))
    rng = np.random.default_rng(_SEED)
    for title, coloured in (("plain", False), ("coloured", True)):
        names = [name for name in known if (name.split()[0] in COLOURS) == coloured]
        chosen = [names[index] for index in rng.permutation(len(names))[: given.pictures]]
        print(f"{title}: {judge(chosen):.2f} of {len(chosen)}")


def write(names: Sequence[str], pictures: Sequence[Bytes]) -> None:
    """Write the index of these pictures (64, 64, 3)."""
    FOLDER.mkdir(exist_ok=True)
    small = np.stack([np.asarray(lookup.small(Image.fromarray(picture))) for picture in pictures])
    save_file({"pictures": small}, FOLDER / lookup.INDEX, metadata={"names": json.dumps(list(names))})
    (FOLDER / lookup.INDEX).chmod(0o644)


def judge(names: Sequence[str]) -> float:
    """Return the share of these things whose generated picture is described by their name."""
    engine = lookup.load(FOLDER)
    made = generate(load_demo_pipeline(), [with_article(name, name) for name in names])
    return share(
        [engine.nearest(Image.fromarray(picture)) for picture in made], [with_article(name, name) for name in names]
    )


def _known(cache: Path) -> Iterator[tuple[str, Bytes]]:
    sets = IconSets(fetch(cache / "npm"))
    for thing in read_things():
        sprite = rasterise(sets.icon(thing.label, package=FLAT))
        plain = alone(sprite)
        yield thing.name, plain
        own = colour_of(plain)
        for colour in COLOURS:
            if colour not in (own, "white"):
                yield f"{colour} {thing.name}", alone(painted(sprite, colour=colour))


if __name__ == "__main__":
    main()
