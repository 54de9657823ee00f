"""What differs between two specs, and between two texts word by word; which may be seen is for the store."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

StepChange = Literal["same", "changed", "added", "removed", "moved"]
Sign = Literal["=", "-", "+"]
Words = list[tuple[Sign, str]]

_WORD = re.compile(r"\s*\S+|\s+")
_SIGNS: dict[str, tuple[bool, bool]] = {"delete": (True, False), "insert": (False, True), "replace": (True, True)}


@dataclass(frozen=True, slots=True)
class ParamDiff:
    """A param, or an input, that has another value; `words` are those of two texts, empty for anything else."""

    name: str
    before: Any
    after: Any
    words: Words = field(default_factory=list[tuple[Sign, str]])


@dataclass(frozen=True, slots=True)
class StepDiff:
    """A step of either spec; only params that differ. A step that has moved may have changed, too."""

    name: str
    change: StepChange
    params: list[ParamDiff]


@dataclass(frozen=True, slots=True)
class SpecDiff:
    """Inputs that differ, and every step of both specs in the order of the second, removed ones last."""

    inputs: list[ParamDiff]
    steps: list[StepDiff]


def specs(before: Mapping[str, Any], after: Mapping[str, Any]) -> SpecDiff:
    """The difference between two specs as they are stored."""
    old, new = _by_name(before.get("inputs", [])), _by_name(after.get("inputs", []))
    return SpecDiff(inputs=_differing(old, new), steps=_steps(before["steps"], after["steps"]))


def values(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ParamDiff]:
    """What differs between two sets of named values; None stands for one that is not there."""
    return _differing(before, after)


def words(before: str, after: str) -> Words:
    """Two texts as stretches that both have (`=`), only the first (`-`) and only the second (`+`), nothing lost."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    found: Words = []
    for tag, i, j, k, m in SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(("=", "".join(old[i:j])))
            continue
        removed, added = _SIGNS[tag]
        if removed:
            found.append(("-", "".join(old[i:j])))
        if added:
            found.append(("+", "".join(new[k:m])))
    return found


def _by_name(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {part["name"]: {key: value for key, value in part.items() if key != "name"} for part in parts}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[ParamDiff]:
    names = [*after, *(name for name in before if name not in after)]
    pairs = [(name, before.get(name), after.get(name)) for name in names]
    return [_param(name, old, new) for name, old, new in pairs if old != new]


def _param(name: str, before: Any, after: Any) -> ParamDiff:
    both_are_texts = isinstance(before, str) and isinstance(after, str)
    return ParamDiff(name, before, after, words(before, after) if both_are_texts else [])


def _steps(before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]) -> list[StepDiff]:
    old, new = ({step["name"]: step for step in steps} for steps in (before, after))
    moved = _moved([name for name in old if name in new], [name for name in new if name in old])
    kept = [_step(name, old.get(name), new[name], has_moved=name in moved) for name in new]
    return [*kept, *(StepDiff(name, "removed", _params(step, None)) for name, step in old.items() if name not in new)]


def _step(name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any], *, has_moved: bool) -> StepDiff:
    params = _params(before, after)
    if before is None:
        return StepDiff(name, "added", params)
    return StepDiff(name, "moved" if has_moved else "changed" if params else "same", params)


def _params(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[ParamDiff]:
    """The params that differ, and the kind and the model of a step as if they were some."""
    old, new = (
        {"kind": step["kind"], "model": step["model"], **step["params"]} if step else {} for step in (before, after)
    )
    return _differing(old, new)


def _moved(before: list[str], after: list[str]) -> set[str]:
    """The fewest names that stand elsewhere than before."""
    stayed: set[str] = set()
    for block in SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks():
        stayed.update(before[block.a : block.a + block.size])
    return set(after) - stayed
