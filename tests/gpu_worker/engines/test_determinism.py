"""How much a crowd may change without strict mode, on a CPU: batches are as large as what waits."""

import numpy as np
import pytest

from contract.kinds import ImageParams, Kind, TextParams
from gpu_worker import loading
from gpu_worker.engines.base import Engine, Made, Row
from tests.gpu_worker.models import TEXT_MODEL, TINY, text_folder, tiny_folder

MOST_BYTES = 1 / 1000
MOST_LEVELS = 2
"""Of 255. ARCHITECTURE.md names both."""
WORDS = ("a red fox", "the sea at night", "green apple", "bread", "a dog", "a blue car", "pizza", "a cat")


def crowded(engine: Engine, rows: list[Row], *, together: int) -> list[Made]:
    """What rows become in batches of so many."""
    return [made for at in range(0, len(rows), together) for made in in_one_batch(engine, rows[at : at + together])]


def in_one_batch(engine: Engine, rows: list[Row]) -> list[Made]:
    made = dict(engine.run(rows, size=len(rows), on_step=lambda _i, _fraction: True))
    return [made[i] for i in range(len(rows))]


@pytest.mark.parametrize("together", [2, 3, 8])
def test_a_picture_from_a_larger_batch_differs_by_no_more_than_documented(together: int) -> None:
    engine = loading.build(TINY, tiny_folder(), threads=0)[Kind.IMAGE]
    params = ImageParams(prompt=WORDS[0], width=32, height=32, denoise_steps=4, guidance=3.0)
    rows = [Row(params.model_copy(update={"prompt": word}), seed=seed) for seed, word in enumerate(WORDS)]
    alone = np.stack([np.asarray(picture, dtype=int) for picture in crowded(engine, rows, together=1)])
    crowd = np.stack([np.asarray(picture, dtype=int) for picture in crowded(engine, rows, together=together)])
    difference = np.abs(alone - crowd)
    assert (difference > 0).mean(axis=(1, 2, 3)).max() <= MOST_BYTES
    assert difference.max() <= MOST_LEVELS


@pytest.fixture(scope="module")
def writer() -> Engine:
    """The text model, loaded once."""
    return loading.build(TEXT_MODEL, text_folder(), threads=0)[Kind.TEXT]


ROWS = [Row(TextParams(prompt=f"Tell me about {word}.", max_tokens=12), seed=i) for i, word in enumerate(WORDS)]


@pytest.fixture(scope="module")
def texts(writer: Engine) -> list[Made]:
    """What each row becomes alone."""
    return crowded(writer, ROWS, together=1)


@pytest.mark.parametrize("together", [2, 3, 8])
def test_a_text_from_a_larger_batch_is_the_same(writer: Engine, texts: list[Made], together: int) -> None:
    assert crowded(writer, ROWS, together=together) == texts
