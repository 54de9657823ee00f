"""Outputs as runs and results show them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

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
