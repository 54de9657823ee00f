"""Draws the contact sheet: python -m gpu_worker.demo_model.contact_sheet.

Its prompts were written before the training and its pictures are the first of one fixed seed each, so the
failures stay in. The row of pairs shows things in colours that the training held out.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image, ImageDraw, ImageFont

from gpu_worker.demo_model.load import editing, load_demo_pipeline

SHEET = Path(__file__).with_name("contact_sheet.png")
_SEED = 7
_STEPS = 16
_GUIDANCE = 3.0
_SIDE, _GAP, _TEXT = 128, 4, 34
_COLUMNS = 12

ROWS: dict[str, tuple[str, ...]] = {
    "plain things": (
        "a dog", "a cat", "an elephant", "a penguin", "a butterfly", "a rose",
        "a pizza", "a cupcake", "a castle", "a bicycle", "a guitar", "a robot",
    ),
    "more plain things": (
        "a lobster", "a jellyfish", "a taco", "a microscope", "a ferris wheel", "a wheelchair",
        "a telescope", "a nesting doll", "a broken heart", "a cowboy", "a stop sign", "an ice skate",
    ),
    "colour words": (
        "a red apple", "a green apple", "a yellow car", "a blue car", "a purple car", "a pink elephant",
        "a black cat", "a blue rose", "an orange t-shirt", "a green star", "a brown umbrella", "a grey castle",
    ),
    "two things": (
        "a cat and a dog", "a red apple and a green apple", "a pizza and a beer", "a blue car and a yellow bus",
        "a rose next to a heart", "a moon and a star", "a purple hat and a red boot", "an owl beside a tree",
        "a fish with a crown", "a green frog and a pink pig", "a key, a lock", "a banana and a blue bicycle",
    ),
    "more of two things": (
        "a penguin and an umbrella", "a robot and a ghost", "a green balloon and a red balloon",
        "a dragon and a castle",
        "a blue whale and a yellow duck", "a carrot next to a rabbit", "a camera, a book", "a pink donut with a coffee",
        "a rocket and a planet", "a snowman beside a christmas tree", "a hammer and a saw", "a guitar and a drum",
    ),
    "coloured grounds": (
        "a cat on a blue background", "a white dove on a black background", "a sun on an orange background",
        "a rocket on a purple background", "a red car on a yellow background", "a tree on a pink background",
        "a fish, green background", "a crown on red", "a skull on a grey background", "a bee on a white background",
        "a pink heart on a brown background", "a star in front of a blue wall",
    ),
    "reworded": (
        "my little kitten", "an automobile, painted red", "A majestic lion rests in the golden savannah.",
        "a vehicle with two wheels and pedals", "a long yellow fruit", "a tall animal with a long neck",
        "the hat of a king", "A cheerful robot greets the viewer in a bright city.", "a bird that swims in icy water",
        "something that flies to the moon", "Under the stars an old owl watches over the quiet forest.", "a hot drink",
    ),
    "pairs never trained": (
        "a purple bear", "a green cat", "a green dove", "a purple tiger", "a blue umbrella", "a purple crown",
        "a blue pumpkin", "a red tent", "a yellow sailboat", "a green house", "a pink teddy bear", "a red robot",
    ),
    "things never trained": (
        "a submarine", "a lighthouse", "a mermaid", "a chess knight", "a crocodile in a bathtub", "three bananas",
        "a dog riding a bicycle", "a city at night", "a portrait of a woman", "the word HELLO", "an ocean full of fish",
        "a cat without a tail",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Edit:
    """A picture to make and the prompt that then changes it."""

    source: str
    prompt: str
    strength: float


EDITS = (
    Edit("a red apple", "a green apple", 0.8),
    Edit("a yellow car", "a blue car", 0.8),
    Edit("a cat", "a purple cat", 0.8),
    Edit("a rose", "a blue rose", 0.8),
    Edit("an orange t-shirt", "a black t-shirt", 0.8),
    Edit("a dog", "a wolf", 0.7),
)


def pictures(pipeline: StableDiffusionPipeline, prompts: tuple[str, ...]) -> list[Image.Image]:
    """Return the first picture of each prompt, (64, 64) RGB."""
    generators = [torch.Generator().manual_seed(_SEED) for _ in prompts]
    made = pipeline(prompt=list(prompts), num_inference_steps=_STEPS, guidance_scale=_GUIDANCE, generator=generators)
    return made.images


def edited(pipeline: StableDiffusionPipeline, edits: tuple[Edit, ...]) -> list[tuple[str, Image.Image]]:
    """Return label and picture of each source and, after it, of its edit."""
    editor = editing(pipeline)
    cells: list[tuple[str, Image.Image]] = []
    for edit, source in zip(edits, pictures(pipeline, tuple(edit.source for edit in edits)), strict=True):
        after = editor(
            prompt=edit.prompt,
            image=source,
            strength=edit.strength,
            num_inference_steps=_STEPS,
            guidance_scale=_GUIDANCE,
            generator=torch.Generator().manual_seed(_SEED),
        ).images[0]
        cells += [(edit.source, source), (f"to {edit.prompt} ({edit.strength})", after)]
    return cells


def draw(rows: dict[str, list[tuple[str, Image.Image]]]) -> Image.Image:
    """Return the sheet: a headed row of twelve labelled pictures for each entry."""
    height = _SIDE + _TEXT + 22
    sheet = Image.new("RGB", (_COLUMNS * (_SIDE + _GAP) + _GAP, height * len(rows)), "#f4f4f4")
    pen, small, large = ImageDraw.Draw(sheet), ImageFont.load_default(11), ImageFont.load_default(14)
    for index, (title, cells) in enumerate(rows.items()):
        top = index * height
        pen.text((_GAP, top + 2), title, fill="black", font=large)
        for column, (label, picture) in enumerate(cells):
            left = _GAP + column * (_SIDE + _GAP)
            sheet.paste(picture.resize((_SIDE, _SIDE), Image.Resampling.NEAREST), (left, top + 20))
            pen.text((left, top + 20 + _SIDE), "\n".join(wrap(label, 23)[:3]), fill="#333333", font=small, spacing=0)
    return sheet


def main() -> None:
    """Draw the sheet of the committed weights."""
    parser = argparse.ArgumentParser(prog="python -m gpu_worker.demo_model.contact_sheet", description=__doc__)
    parser.add_argument("--out", type=Path, default=SHEET)
    given = parser.parse_args()
    pipeline = load_demo_pipeline()
    rows = {title: list(zip(prompts, pictures(pipeline, prompts), strict=True)) for title, prompts in ROWS.items()}
    rows["edited: source, then prompt and strength"] = edited(pipeline, EDITS)
    draw(rows).save(given.out, optimize=True)


if __name__ == "__main__":
    main()
