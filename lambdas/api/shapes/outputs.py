"""Outputs as runs and results show them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from contract.keys import media_url
from lambdas.api.shapes.base import Answer


class ImageOutput(Answer):
    """A picture with its thumbnail; sizes in pixels, `thumbhash` in base64."""

    id: UUID
    type: Literal["image"]
    url: str
    thumb_url: str
    width: int
    height: int
    thumbhash: str


class TextOutput(Answer):
    """A text: its first 2,000 characters, how many it has, and where all of them are."""

    id: UUID
    type: Literal["text"]
    text: str
    characters: int
    url: str


Output = Annotated[ImageOutput | TextOutput, Field(discriminator="type")]


def image_output(asset_id: UUID, *, key: str, thumb_key: str, width: int, height: int, thumbhash: str) -> ImageOutput:
    """The answer for a picture that is stored under these keys."""
    return ImageOutput(
        id=asset_id,
        type="image",
        url=media_url(key),
        thumb_url=media_url(thumb_key),
        width=width,
        height=height,
        thumbhash=thumbhash,
    )


def text_output(asset_id: UUID, *, key: str, excerpt: str, characters: int) -> TextOutput:
    """The answer for a text that is stored under this key."""
    return TextOutput(id=asset_id, type="text", text=excerpt, characters=characters, url=media_url(key))
