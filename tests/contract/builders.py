"""Builders of specs and messages that tests start from."""

from typing import Any

from contract import catalogue
from contract.spec import Spec, complete


def a_text_step(name: str = "scene", **params: Any) -> dict[str, Any]:
    """A step that writes."""
    return {"name": name, "kind": "text", "model": "smollm2-135m", "params": {"prompt": "Say hello."} | params}


def an_image_step(name: str = "picture", **params: Any) -> dict[str, Any]:
    """A step that draws."""
    return {"name": name, "kind": "image", "model": "demo-emoji", "params": {"prompt": "a red apple"} | params}


def an_edit_step(name: str = "edited", **params: Any) -> dict[str, Any]:
    """A step that changes the picture of the input `photo`."""
    params = {"prompt": "a green apple", "image": "{{photo}}"} | params
    return {"name": name, "kind": "edit", "model": "demo-emoji", "params": params}


def a_spec(*steps: dict[str, Any], inputs: list[dict[str, Any]] | None = None) -> Spec:
    """A spec as somebody sends it, read but not yet completed."""
    return Spec.model_validate({"inputs": inputs or [], "steps": list(steps) or [a_text_step()]})


def a_complete_spec(*steps: dict[str, Any], inputs: list[dict[str, Any]] | None = None) -> Spec:
    """A spec as a version keeps it."""
    return complete(a_spec(*steps, inputs=inputs), catalogue.load("demo"))
