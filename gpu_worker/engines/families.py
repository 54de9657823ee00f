"""Which diffusers pipelines may be loaded, and of which parts; checked before a library sees the folder."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INDEX = "model_index.json"
"""What a folder of diffusers says about itself."""
_LIBRARIES = ("diffusers", "transformers")
_UNUSED = ("safety_checker", "feature_extractor", "image_encoder")
"""Parts that no step uses: pictures are checked by what the operator chose, not by what a model brings."""

_CLIP = frozenset({"CLIPTextModel", "CLIPTextModelWithProjection", "CLIPTokenizer", "CLIPTokenizerFast"})
_DIFFUSION = frozenset(
    {
        "DDIMScheduler",
        "DPMSolverMultistepScheduler",
        "EulerAncestralDiscreteScheduler",
        "EulerDiscreteScheduler",
        "LCMScheduler",
        "PNDMScheduler",
        "UniPCMultistepScheduler",
    }
)
_FLOW = frozenset({"FlowMatchEulerDiscreteScheduler"})
_STABLE = _CLIP | _DIFFUSION | {"UNet2DConditionModel", "AutoencoderKL", "AutoencoderTiny"}


class UnknownPipeline(ValueError):
    """A folder that asks for a class which is not on the list."""


@dataclass(frozen=True, slots=True)
class Family:
    """Pipelines over the same parts; the names are classes of diffusers, those of `parts` also of transformers."""

    draw: str
    edit: str
    parts: frozenset[str]


_FAMILIES = {
    family.draw: family
    for family in (
        Family("StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", _STABLE),
        Family("StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline", _STABLE),
        Family(
            "FluxPipeline",
            "FluxImg2ImgPipeline",
            _CLIP | _FLOW | {"T5EncoderModel", "T5Tokenizer", "T5TokenizerFast"}
            | {"FluxTransformer2DModel", "AutoencoderKL"},
        ),
        Family(
            "Flux2KleinPipeline",
            "Flux2KleinPipeline",
            _FLOW | {"Qwen3ForCausalLM", "Qwen2Tokenizer", "Qwen2TokenizerFast"}
            | {"Flux2Transformer2DModel", "AutoencoderKLFlux2"},
        ),
    )
}  # fmt: skip


def family_of(folder: Path) -> tuple[Family, list[str]]:
    """The family of a folder as diffusers saves it, and those of its parts that are to be left out.

    Raises UnknownPipeline for a class or a library that is not on the list, or when the folder brings code.
    """
    if code := next(folder.rglob("*.py"), None):
        raise UnknownPipeline(f"{code.relative_to(folder)}: a model brings no code")
    index: dict[str, Any] = json.loads((folder / INDEX).read_text("utf-8"))
    name = index.get("_class_name")
    family = _FAMILIES.get(name) if isinstance(name, str) else None
    if family is None:
        raise UnknownPipeline(f"{INDEX}: {name} is none of {', '.join(_FAMILIES)}")
    for part, entry in index.items():
        if part not in _UNUSED and not part.startswith("_"):
            _check(part, entry, family)
    return family, [part for part in _UNUSED if part in index]


def _check(part: str, entry: Any, family: Family) -> None:
    match entry:
        case bool() | int() | float() | None | [None, None]:  # a setting, or a part that is not there
            return
        case [str(library), str(name)] if library in _LIBRARIES and name in family.parts:
            return
        case _:
            raise UnknownPipeline(f"{INDEX}: {part} {entry} is no part of {family.draw}")
