"""Captions: the many ways in which somebody may ask for a thing, a coloured thing, or two of them."""

from collections.abc import Sequence

import numpy as np

from gpu_worker.demo_model.things import Thing
from gpu_worker.engines.articles import with_article

_OTHER_WORDS = {"grey": ("gray",), "purple": ("violet",), "black": ("dark",)}
_ADJECTIVES = (
    "small",
    "big",
    "cute",
    "beautiful",
    "simple",
    "nice",
    "little",
    "bright",
    "lovely",
    "funny",
    "old",
    "new",
)

_SHORT = (
    "{x}", "{x}", "{x}", "{x}", "{x}.", "{bare}", "{bare}", "the {bare}", "a picture of {x}", "an icon of {x}",
    "a drawing of {x}", "an emoji of {x}", "an image of {x}", "an illustration of {x}", "{bare} emoji",
    "{bare} icon", "{x} on a white background", "one {bare}", "my {bare}", "{x}, flat design", "a photo of {x}",
    "{X}", "there is {x}", "just {x}", "{x} for a child", "draw {x}", "show me {x}",
)  # fmt: skip
# Language models write sentences, so the picture must follow the thing that a sentence is about.
_LONG = (
    "{X} sits on a wooden table in the morning light.",
    "{X} stands alone under a clear sky.",
    "{X} rests in a quiet place near the water.",
    "Once upon a time there was {x}.",
    "The scene shows {x} in the middle of the picture.",
    "{X} is seen in a beautiful green field on a warm day.",
    "A vibrant scene of {x} in the early morning.",
    "In a quiet village, {x} waits for the evening.",
    "In the heart of a lush forest, {x} can be found.",
    "The {bare} is bright and full of life.",
    "{X} shines in the warm light of the afternoon.",
    "Imagine {x} on a lovely summer day by the sea.",
    "A close view of {x}, soft light, high detail.",
    "{X} with a calm and happy mood.",
    "{X}, standing proudly in the middle of a busy street.",
    "The {bare} is a symbol of joy and friendship.",
    "{X} in a garden full of colours and light.",
    "I would like to see {x}, please.",
    "A simple and clean illustration of {x}, centred.",
    "Today we found {x} at the market in the old town.",
)
_PAIRS = (
    "{a} and {b}", "{a} and {b}", "{a} and {b}", "{a} and {b}", "{a} next to {b}", "{a} beside {b}",
    "{a} with {b}", "{a}, {b}", "a picture of {a} and {b}", "{a} on the left and {b} on the right",
    "{a} together with {b}", "{A} stands next to {b}.",
)  # fmt: skip
# Only a description that begins like a noun can follow other words; a sentence stands alone.
_DESCRIBED = ("a picture of {d}", "an icon of {d}", "draw {d}", "{d}, please", "show me {d}", "{D}.", "I want {d}")
_NOUN_STARTS = ("a ", "an ", "the ", "something ")
_GROUNDS = (
    "{x} on a {c} background",
    "{x} on a {c} background",
    "{x}, {c} background",
    "{x} on {c}",
    "{x} in front of a {c} wall",
)


def phrase(name: str, *, colour: str | None, rng: np.random.Generator) -> tuple[str, str]:
    """Return a name as it stands in a sentence ("a red apple") and bare ("red apple")."""
    words = [name]
    if colour is not None:
        words.insert(0, _colour_word(colour, rng))
    if rng.random() < 0.12:
        words.insert(0, str(rng.choice(_ADJECTIVES)))
    bare = " ".join(words)
    return with_article(bare, name), bare


def of_one(thing: Thing, *, colour: str | None, count: int, rng: np.random.Generator) -> list[str]:
    """Return count captions of one thing, a quarter of them sentences; the first is its plain name."""
    templates = [str(rng.choice(_LONG if rng.random() < 0.25 else _SHORT)) for _ in range(count)]
    templates[0] = "{x}"
    return [_fill(template, _name(thing, rng), colour, rng) for template in templates]


def by_name(thing: Thing, *, count: int, rng: np.random.Generator) -> list[str]:
    """Return count short captions that name a thing; the first is its plain name."""
    templates = ["{x}", *(str(rng.choice(_SHORT)) for _ in range(count - 1))]
    return [_fill(template, _name(thing, rng), None, rng) for template in templates]


def in_sentences(thing: Thing, *, rng: np.random.Generator) -> list[str]:
    """Return sentences of every kind about a thing, which name it."""
    return [_fill(template, _name(thing, rng), None, rng) for template in _LONG]


def described(description: str, *, rng: np.random.Generator) -> list[str]:
    """Return captions with a description in them: as it is and, if it can stand among other words, in a phrase."""
    if not description.startswith(_NOUN_STARTS):
        return [description]
    capital = description[0].upper() + description[1:]
    return [description, str(rng.choice(_DESCRIBED)).format(d=description, D=capital)]


def of_pair(left: tuple[Thing, str | None], right: tuple[Thing, str | None], *, rng: np.random.Generator) -> str:
    """Return a caption of two things, each with its colour; the left one comes first."""
    a, _ = phrase(_name(left[0], rng), colour=left[1], rng=rng)
    b, _ = phrase(_name(right[0], rng), colour=right[1], rng=rng)
    return str(rng.choice(_PAIRS)).format(a=a, A=a[0].upper() + a[1:], b=b)


def on_ground(thing: Thing, *, colour: str | None, ground: str, rng: np.random.Generator) -> str:
    """Return a caption of a thing on a coloured background."""
    x, _ = phrase(_name(thing, rng), colour=colour, rng=rng)
    return str(rng.choice(_GROUNDS)).format(x=x, c=_colour_word(ground, rng))


def in_noto_style(captions: Sequence[str]) -> list[str]:
    """Return the captions marked as the other set's style, so that plain prompts stay of one style."""
    return [f"{caption.rstrip('.')}, noto style" for caption in captions]


def _fill(template: str, name: str, colour: str | None, rng: np.random.Generator) -> str:
    x, bare = phrase(name, colour=colour, rng=rng)
    return template.format(x=x, X=x[0].upper() + x[1:], bare=bare)


def _name(thing: Thing, rng: np.random.Generator) -> str:
    """The most common name half of the time."""
    return thing.name if rng.random() < 0.5 else str(rng.choice(thing.names))


def _colour_word(colour: str, rng: np.random.Generator) -> str:
    others = _OTHER_WORDS.get(colour, ())
    return str(rng.choice(others)) if others and rng.random() < 0.15 else colour
