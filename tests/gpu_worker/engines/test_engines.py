"""Engines by themselves: what a row's bytes depend on, and what they do not."""

from itertools import pairwise

import pytest
import torch
from PIL import Image

from contract.kinds import EditParams, ImageParams, Kind, TextParams
from gpu_worker import loading
from gpu_worker.engines.base import Engine, Row
from gpu_worker.engines.sampling import choose
from gpu_worker.failures import TaskFailure
from tests.gpu_worker.models import TEXT_MODEL, TINY, text_folder, tiny_folder

WORDS = ("a red fox", "the sea at night", "green apple", "bread")


@pytest.fixture(scope="module")
def tiny() -> dict[Kind, Engine]:
    return loading.build(TINY, tiny_folder(), threads=0)


@pytest.fixture(scope="module")
def text() -> Engine:
    return loading.build(TEXT_MODEL, text_folder(), threads=0)[Kind.TEXT]


def made(engine: Engine, rows: list[Row], *, size: int = 4) -> list[str | bytes]:
    """What a batch makes, in the order of its rows, as bytes."""
    outputs = dict(engine.run(rows, size=size, on_step=lambda _i, _fraction: True))
    return [output if isinstance(output, str) else output.tobytes() for _, output in sorted(outputs.items())]


def text_rows(max_tokens: int = 12) -> list[Row]:
    return [Row(TextParams(prompt=f"Tell me about {w}.", max_tokens=max_tokens), seed=i) for i, w in enumerate(WORDS)]


def image_rows() -> list[Row]:
    return [
        Row(ImageParams(prompt=word, width=32, height=32, denoise_steps=4, guidance=3.0), seed=i)
        for i, word in enumerate(WORDS)
    ]


def edit_rows() -> list[Row]:
    noise = [Image.effect_noise((32, 32), 20 + i).convert("RGB") for i in range(4)]
    return [
        Row(EditParams(prompt=word, image="x", denoise_steps=4, guidance=3.0), seed=i, picture=noise[i])
        for i, word in enumerate(WORDS)
    ]


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.EDIT])
def test_a_picture_depends_neither_on_its_place_nor_on_its_neighbours(tiny: dict[Kind, Engine], kind: Kind) -> None:
    rows = image_rows() if kind == Kind.IMAGE else edit_rows()
    crowd = made(tiny[kind], rows)
    assert len(set(crowd)) == 4
    for i, row in enumerate(rows):
        assert made(tiny[kind], [row]) == [crowd[i]]
    assert made(tiny[kind], rows[::-1]) == crowd[::-1]


def test_a_text_depends_neither_on_its_place_nor_on_its_neighbours(text: Engine) -> None:
    rows = text_rows()
    crowd = made(text, rows)
    assert len(set(crowd)) == 4
    for i, row in enumerate(rows):
        assert made(text, [row]) == [crowd[i]]
    assert made(text, rows[::-1]) == crowd[::-1]


def test_a_rows_logits_are_the_same_to_the_last_bit_wherever_it_stands(
    text: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []

    def spy(logits: torch.Tensor, **_: object) -> int:
        seen.append(logits.clone())
        return 100

    monkeypatch.setattr("gpu_worker.engines.writing.choose", spy)
    made(text, [Row(TextParams(prompt="Tell me about a red fox.", max_tokens=6), seed=1)] * 4)
    # Each of the six rounds draws for four equal rows; all of them must have seen the same numbers.
    assert len(seen) == 6 * 4
    for round_ in range(6):
        assert all(torch.equal(one, other) for one, other in pairwise(seen[4 * round_ : 4 * round_ + 4]))


def test_a_short_answer_does_not_wait_for_a_long_one(text: Engine) -> None:
    rows = [Row(TextParams(prompt="Tell a long story.", max_tokens=n), seed=1) for n in (20, 3)]
    order = [i for i, _ in text.run(rows, size=4, on_step=lambda _i, _fraction: True)]
    assert order == [1, 0]


def test_an_answer_is_no_longer_than_asked(text: Engine) -> None:
    short, long = (made(text, [text_rows(max_tokens=n)[0]])[0] for n in (3, 12))
    assert isinstance(long, str)
    assert long.startswith(short)
    assert len(short) < len(long)


def test_the_system_prompt_and_temperature_matter(text: Engine) -> None:
    plain = TextParams(prompt="Who are you?", max_tokens=12, temperature=0)
    pirate = plain.model_copy(update={"system": "You are a pirate. Answer in one word: Arrr."})
    assert made(text, [Row(plain, seed=1)]) == made(text, [Row(plain, seed=2)])
    assert made(text, [Row(plain, seed=1)]) != made(text, [Row(pirate, seed=1)])


def test_prompts_of_different_lengths_are_kept_apart(text: Engine) -> None:
    short, long = (Row(TextParams(prompt="word " * n), seed=1) for n in (10, 200))
    assert text.key(short) != text.key(long)
    with pytest.raises(TaskFailure, match="prompt_too_long"):
        text.key(Row(TextParams(prompt="щ" * 8000, max_tokens=512), seed=1))


def test_rows_whose_on_step_returns_false_are_left_out(text: Engine, tiny: dict[Kind, Engine]) -> None:
    for engine, rows in ((text, text_rows()), (tiny[Kind.IMAGE], image_rows())):
        whole = made(engine, rows)
        kept = dict(engine.run(rows, size=4, on_step=lambda i, _fraction: i != 2))
        assert sorted(kept) == [0, 1, 3]
        outputs = [output if isinstance(output, str) else output.tobytes() for _, output in sorted(kept.items())]
        assert outputs == [whole[0], whole[1], whole[3]]


def test_a_batch_without_wanted_rows_stops_at_its_next_step(tiny: dict[Kind, Engine]) -> None:
    steps: list[float] = []

    def on_step(_i: int, fraction: float) -> bool:
        steps.append(fraction)
        return False

    assert list(tiny[Kind.IMAGE].run(image_rows(), size=4, on_step=on_step)) == []
    assert steps == [0.25] * 4
    assert len(made(tiny[Kind.IMAGE], image_rows())) == 4


def test_progress_goes_up_to_one(tiny: dict[Kind, Engine]) -> None:
    for kind, rows in ((Kind.IMAGE, image_rows()), (Kind.EDIT, edit_rows())):
        seen: list[float] = []
        list(tiny[kind].run(rows[:1], size=4, on_step=lambda _i, fraction, seen=seen: seen.append(fraction) or True))
        assert seen == sorted(seen)
        assert seen[-1] == 1


def test_without_temperature_the_likeliest_token_is_taken() -> None:
    logits = torch.tensor([0.0, 3.0, 1.0])
    assert choose(logits, temperature=0, top_p=0.1, generator=torch.Generator()) == 1


def test_tokens_are_drawn_as_often_as_they_are_likely() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.tensor([0.1, 0.2, 0.7]).log()
    drawn = torch.tensor([choose(logits, temperature=1, top_p=1, generator=generator) for _ in range(4000)])
    shares = [float((drawn == token).float().mean()) for token in range(3)]
    assert shares == pytest.approx([0.1, 0.2, 0.7], abs=0.03)


def test_tokens_beyond_the_nucleus_are_never_drawn() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.tensor([0.1, 0.2, 0.7]).log()
    assert {choose(logits, temperature=1, top_p=0.6, generator=generator) for _ in range(200)} == {2}
    assert {choose(logits, temperature=1, top_p=0.85, generator=generator) for _ in range(200)} == {1, 2}


def test_a_nucleus_of_more_tokens_than_are_sorted_at_first() -> None:
    generator = torch.Generator().manual_seed(1)
    drawn = {choose(torch.zeros(2000), temperature=1, top_p=0.9, generator=generator) for _ in range(3000)}
    assert len(drawn) > 1000
