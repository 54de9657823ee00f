"""The parts that train the demo model: colours, captions, the optimizer, the autoencoder's scale, the export."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gpu_worker.demo_model import autoencoder, captions, classifier, contact_sheet, naming, unet
from gpu_worker.demo_model.colours import COLOURS, colour_rgb, dominant, nearest_word, repaint
from gpu_worker.demo_model.dataset import POOLS, held_out
from gpu_worker.demo_model.embed import CaptionCache, embed, load_text_encoder, load_tokenizer
from gpu_worker.demo_model.evaluate import colour_of, nearest
from gpu_worker.demo_model.export import export
from gpu_worker.demo_model.icons import FLAT, NOTO, IconSets
from gpu_worker.demo_model.load import load_demo_pipeline
from gpu_worker.demo_model.muon import Muon, orthogonal
from gpu_worker.demo_model.parallel import accumulate, new_pool
from gpu_worker.demo_model.pictures import PAIR_SIDE, SIDE, alone, two_things
from gpu_worker.demo_model.sampling import Sampler
from gpu_worker.demo_model.things import Thing, read_descriptions, read_reworded, read_things
from gpu_worker.pictures.oklab import to_oklab, to_rgb

channels = st.floats(0, 1)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Training binds operations to one core for the whole process: give the others back."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def a_sprite(word: str) -> np.ndarray:
    """A disc of a colour with a small dark eye, (128, 128, 4)."""
    rows, columns = np.mgrid[:128, :128] - 63.5
    sprite = np.zeros((128, 128, 4), np.float32)
    sprite[..., :3] = colour_rgb(word)
    sprite[np.hypot(rows + 20, columns) < 8, :3] = 0.1
    sprite[..., 3] = np.hypot(rows, columns) < 56
    return sprite


@given(channels, channels, channels)
def test_a_colour_survives_the_way_to_oklab_and_back(red: float, green: float, blue: float) -> None:
    rgb = np.array([red, green, blue])
    assert to_rgb(to_oklab(rgb)) == pytest.approx(rgb, abs=1e-5)


@pytest.mark.parametrize("word", COLOURS)
def test_every_colour_word_names_its_own_colour(word: str) -> None:
    assert nearest_word(to_oklab(colour_rgb(word))) == word


@pytest.mark.parametrize("before", ["red", "blue", "white", "black"])
@pytest.mark.parametrize("after", COLOURS)
def test_repainting_gives_the_asked_colour_and_leaves_the_rest(before: str, after: str) -> None:
    sprite = a_sprite(before)
    painted = repaint(sprite, word=after)
    assert dominant(painted).word == after
    assert np.array_equal(painted[..., 3], sprite[..., 3])
    if before not in ("black", "white"):
        assert painted[44, 64, :3] == pytest.approx(sprite[44, 64, :3], abs=0.02)


def test_the_colour_judge_reads_the_thing_and_not_its_ground() -> None:
    assert colour_of(alone(a_sprite("green"))) == "green"


def test_the_nearest_icon_to_an_icon_is_itself() -> None:
    icons = np.stack([alone(a_sprite(word)) for word in COLOURS])
    assert nearest(icons, icons) == list(range(len(COLOURS)))


def test_two_things_stand_in_their_boxes_left_above_right() -> None:
    picture = two_things(a_sprite("red"), a_sprite("blue"), rng=np.random.default_rng(0))
    left, right = picture[:PAIR_SIDE, :PAIR_SIDE], picture[-PAIR_SIDE:, -PAIR_SIDE:]
    assert picture.shape == (SIDE, SIDE, 3)
    assert left.mean((0, 1)).argmax() == 0
    assert right.mean((0, 1)).argmax() == 2
    assert picture[: SIDE - PAIR_SIDE, PAIR_SIDE:].min() == 255


@pytest.mark.parametrize(
    ("bare", "name", "phrase"),
    [
        ("apple", "apple", "an apple"),
        ("red apple", "apple", "a red apple"),
        ("unicorn", "unicorn", "a unicorn"),
        ("octopus", "octopus", "an octopus"),
        ("green grapes", "grapes", "green grapes"),
        ("milk", "milk", "milk"),
        ("sun", "sun", "the sun"),
        ("stack of books", "stack of books", "a stack of books"),
        ("old face with heart eyes", "face with heart eyes", "an old face with heart eyes"),
        ("swords", "swords", "swords"),
    ],
)
def test_a_phrase_has_the_article_that_english_wants(bare: str, name: str, phrase: str) -> None:
    assert captions.with_article(bare, name) == phrase


def test_every_caption_of_a_coloured_thing_names_thing_and_colour() -> None:
    thing, rng = Thing("red apple", ("apple",)), np.random.default_rng(1)
    texts = captions.of_one(thing, colour="blue", count=200, rng=rng)
    assert texts[0].endswith("blue apple")
    assert all("blue" in text and "apple" in text for text in texts)
    assert len(set(texts)) > 60


def test_what_names_a_thing_is_short_or_a_sentence() -> None:
    thing, rng = Thing("red apple", ("apple",)), np.random.default_rng(1)
    short, sentences = captions.by_name(thing, count=30, rng=rng), captions.in_sentences(thing, rng=rng)
    assert short[0].endswith("apple")
    assert all("apple" in text for text in short + sentences)
    assert max(len(text.split()) for text in short) < 9
    assert all(text.endswith(".") for text in sentences)


def test_every_thing_is_described_and_no_two_alike() -> None:
    descriptions = read_descriptions()
    assert set(descriptions) == {thing.name for thing in read_things()}
    texts = [text for described in descriptions.values() for text in described]
    assert len(set(texts)) == len(texts)


def test_the_judges_reworded_prompts_are_trained_on_nowhere() -> None:
    things, rng = read_things(), np.random.default_rng(0)
    trained = {text.lower() for described in read_descriptions().values() for text in described}
    for thing in things:
        trained |= {text.lower() for text in captions.of_one(thing, colour=None, count=100, rng=rng)}
    prompts = [prompt.lower().rstrip(".") for _, prompt in read_reworded()]
    assert len(prompts) >= 100
    assert not {prompt for prompt in prompts if prompt in {text.rstrip(".") for text in trained}}


def test_no_description_shares_half_of_its_words_with_a_prompt_of_the_judge() -> None:
    descriptions, names = read_descriptions(), {name: thing.name for thing in read_things() for name in thing.names}
    for name, prompt in read_reworded():
        asked = _words(prompt)
        near = [
            text for text in descriptions[names[name]] if len(asked & _words(text)) >= len(asked | _words(text)) / 2
        ]
        assert not near, f"{prompt!r} is too near to {near}"


_LITTLE_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an the of in on to for with and that it is you your my our we when at its by from what which has have into"
        " some one this they i",
    )
)


def _words(text: str) -> frozenset[str]:
    """What a text says: its words without their endings and without the little ones."""
    words = set(re.findall(r"[a-z]+", text.lower())) - _LITTLE_WORDS
    return frozenset(re.sub(r"(ing|es|s|ed)$", "", word) for word in words)


def test_the_judges_reworded_prompts_mean_things_that_exist() -> None:
    names = {name for thing in read_things() for name in thing.names}
    assert all(name in names for name, _ in read_reworded())


def test_a_description_stands_in_its_captions_whole_and_a_sentence_alone() -> None:
    rng = np.random.default_rng(0)
    texts = [text for _ in range(50) for text in captions.described("a pet that barks", rng=rng)]
    assert all("a pet that barks" in text.lower() for text in texts)
    assert len(set(texts)) > 5
    assert captions.described("It wags its tail", rng=rng) == ["It wags its tail"]


def test_the_sheets_pairs_are_held_out_and_its_plain_things_are_not_new() -> None:
    unseen, names = held_out(read_things()), {name for thing in read_things() for name in thing.names}
    pairs = [prompt.split(" ", 2)[1:] for prompt in contact_sheet.ROWS["pairs never trained"]]
    assert all((name, colour) in unseen for colour, name in pairs)
    plain = contact_sheet.ROWS["plain things"] + contact_sheet.ROWS["more plain things"]
    assert all(prompt.split(" ", 1)[1] in names for prompt in plain)
    assert all(len(prompts) == 12 for prompts in contact_sheet.ROWS.values())


@pytest.mark.parametrize("shares", [naming.SHARES, unet.SHARES])
def test_a_stages_shares_are_of_all_pools_and_add_up_to_one(shares: dict[str, float]) -> None:
    assert tuple(shares) == POOLS
    assert sum(shares.values()) == pytest.approx(1)


def test_an_icon_is_found_by_its_label_whatever_its_variation(tmp_path: Path) -> None:
    emojis = [{"label": "red heart", "hexcode": "2764-FE0F"}]
    files = {"emojibase-data/en/data.json": emojis}
    for package in (FLAT, NOTO):
        files[f"{package}/chars.json"] = {"2764": "red-heart"}
        files[f"{package}/icons.json"] = {"width": 32, "icons": {"red-heart": {"body": f"<g id='{package}'/>"}}}
    for name, content in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    sets = IconSets(tmp_path)
    assert NOTO in sets.icon("red heart", package=NOTO).svg()
    assert 'viewBox="0 0 32 32"' in sets.icon("red heart", package=FLAT).svg()
    with pytest.raises(KeyError):
        sets.icon("blue heart", package=FLAT)


@pytest.mark.parametrize("name", ["red-heart", "redheart"])
def test_a_set_without_code_points_is_searched_by_the_label(tmp_path: Path, name: str) -> None:
    files = {
        "emojibase-data/en/data.json": [{"label": "red heart", "hexcode": "2764-FE0F"}],
        "other/chars.json": {},
        "other/icons.json": {"icons": {name: {"body": "<g/>"}}},
    }
    for place, content in files.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(json.dumps(content))
    assert "<g/>" in IconSets(tmp_path, ["other"]).icon("red heart", package="other").svg()


def test_captions_are_embedded_once_and_kept(tmp_path: Path) -> None:
    texts, path = ["a cat", "a dog", ""], tmp_path / "texts.npy"
    first = CaptionCache(texts, path).of(np.array([0, 2, 0]))
    again = CaptionCache(texts, path)
    again._encoder = None  # pyright: ignore[reportAttributeAccessIssue] -- asking it again would fail
    assert torch.equal(again.of(np.array([0, 2, 0])), first)
    expected = embed(texts, tokenizer=load_tokenizer(), encoder=load_text_encoder())
    assert torch.allclose(first, expected[[0, 2, 0]], atol=2e-3)


CAPTIONS = ["a cat", "a red cat", "a cat, noto style", "a cat and a dog", "a cat on blue", "a pet that purrs", "a dog"]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A training's folder with a picture or two of each pool; the things are a cat and a dog."""
    folder = tmp_path / "data"
    folder.mkdir()
    np.save(folder / "pictures.npy", np.zeros((7, SIDE, SIDE, 3), np.uint8))
    np.savez(
        folder / "links.npz",
        caption_ids=np.array([0, 6, 1, 2, 3, 4, 5], np.int32),
        offsets=np.arange(8),
        things=np.array([0, 1, -1, -1, -1, -1, 0], np.int16),
    )
    places = [(0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7)]
    (folder / "captions.json").write_text(
        json.dumps({"captions": CAPTIONS, "pools": dict(zip(POOLS, places, strict=True))})
    )
    np.save(tmp_path / "latents.npy", np.arange(7, dtype=np.float16)[:, None, None, None] * np.ones((8, 16, 16)))
    return tmp_path


def test_a_caption_comes_with_its_picture_and_with_the_thing_that_it_means(cache: Path) -> None:
    pairs = Sampler(cache, shares={pool: float(pool == "pair") for pool in POOLS}, device="cpu")
    assert set(pairs.pictured(20).latents.unique().tolist()) == {4}
    assert set(pairs.named(20).things.tolist()) == {-1}
    described = Sampler(cache, shares={pool: float(pool == "described") for pool in POOLS}, device="cpu").named(60)
    empty = described.things == -1
    assert set(described.things.tolist()) == {0, -1}, "an empty caption means nothing"
    assert len(described.texts[empty].flatten(1).unique(dim=0)) == 1


def test_the_last_layer_of_the_encoder_calls_a_thing_by_its_name_and_leaves_the_rest(cache: Path) -> None:
    torch.manual_seed(0)
    tokenizer, encoder = load_tokenizer(), load_text_encoder()
    things = [Thing("cat face", ("cat",)), Thing("dog face", ("dog",))]
    layer = naming.new_layer(things, tokenizer=tokenizer, encoder=encoder)
    naming.train(layer, Sampler(cache, shares=naming.SHARES, device="cpu").named, steps=20)
    naming.save(layer, cache / "text_encoder")
    before = embed([*CAPTIONS, ""], tokenizer=tokenizer, encoder=encoder)
    naming.add_to(encoder, naming.load(cache / "text_encoder"))
    after = embed([*CAPTIONS, ""], tokenizer=tokenizer, encoder=encoder)
    name, described = after[0], after[CAPTIONS.index("a pet that purrs")]
    assert torch.equal(name, described)
    assert torch.allclose(name[2], before[0, 2], atol=2e-3)
    left = [1, 2, 3, 4, 7]
    assert torch.equal(after[left], before[left])


def test_a_training_can_start_from_the_weights_of_another(tmp_path: Path) -> None:
    model = unet.new_unet()
    export(model, autoencoder.new_autoencoder(), naming.NamingLayer(2), tmp_path / "weights")
    trainer = unet.Trainer(tmp_path, start_from=tmp_path / "weights")
    assert torch.equal(trainer.unet.conv_in.weight, model.conv_in.weight.float())
    assert torch.equal(trainer.average.conv_in.weight, trainer.unet.conv_in.weight)


def test_the_classifier_learns_two_shapes_apart() -> None:
    sprites = torch.zeros(2, 4, 64, 64)
    sprites[0, [0, 3], 16:48, 16:48] = 1
    sprites[1, [2, 3], 8:56, 28:36] = 1
    model = classifier.new_classifier(2)
    classifier.train(model, sprites, torch.tensor([0, 1]), steps=20)
    pictures = (sprites[:, :3] + 1 - sprites[:, 3:]) * 2 - 1
    assert classifier.classify(model, pictures) == [0, 1]


@pytest.mark.parametrize("shape", [(2, 32, 32), (1, 24, 216), (3, 96, 32)])
def test_orthogonal_brings_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    matrices = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    values = torch.linalg.svdvals(orthogonal(matrices).float())
    assert values.median() > 0.6
    assert values.max() < 1.4


def test_muon_learns_a_linear_map() -> None:
    generator = torch.Generator().manual_seed(0)
    target = torch.randn(16, 16, generator=generator)
    layer = torch.nn.Parameter(torch.zeros(16, 16))
    with new_pool() as pool:
        optimizer = Muon([layer], lr=0.1, pool=pool)
        losses = []
        for _ in range(60):
            batches = [torch.randn(64, 16, generator=generator) for _ in range(2)]
            losses.append(
                accumulate(pool, [layer], loss=lambda x: (x @ (layer - target)).square().mean(), batches=batches)
            )
            optimizer.step()
    assert losses[-1] < losses[0] / 20


def test_two_batches_give_the_mean_of_their_gradients() -> None:
    weight = torch.nn.Parameter(torch.ones(3))
    with new_pool() as pool:
        loss = accumulate(pool, [weight], loss=lambda x: (weight * x).sum(), batches=[torch.ones(3), 3 * torch.ones(3)])
    assert weight.grad is not None
    assert weight.grad.tolist() == [2, 2, 2]
    assert loss == pytest.approx(6)


def test_the_autoencoder_ends_with_latents_that_are_unit_for_the_unet() -> None:
    rng = np.random.default_rng(0)
    pictures = rng.integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    model = autoencoder.new_autoencoder()
    autoencoder.train(model, lambda count: pictures[rng.integers(0, 8, count)], steps=5)
    with torch.no_grad():
        latents = model.encode(autoencoder.to_tensor(pictures)).latents * model.config.scaling_factor
    assert latents.shape == (8, 8, 16, 16)
    assert latents.std().item() == pytest.approx(1, abs=0.3)


def test_the_rate_is_constant_and_then_falls_to_zero() -> None:
    rates = [unet.falling_rate(share / 10) for share in range(11)]
    assert rates[:5] == [1] * 5
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_what_is_exported_loads_again_in_half_the_bytes(tmp_path: Path) -> None:
    model, folder = unet.new_unet(), tmp_path / "weights"
    export(model, autoencoder.new_autoencoder(), naming.NamingLayer(2), folder)
    loaded = load_demo_pipeline(folder)
    assert torch.equal(loaded.unet.conv_in.weight, model.conv_in.weight.float())
    assert (folder / "unet" / "diffusion_pytorch_model.safetensors").stat().st_mode & 0o777 == 0o644
    assert json.loads((folder / "model_index.json").read_text())["vae"] == ["diffusers", "AutoencoderTiny"]
    assert [path.name for path in (folder / "text_encoder").iterdir()] == ["naming.safetensors"]
