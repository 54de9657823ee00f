"""The spec of a version: its inputs and steps, and whether it can run at all."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator

from contract.catalogue import Catalogue, Model
from contract.costs import too_costly
from contract.faults import Fault, FaultCode, Loc, Value, refusal
from contract.kinds import (
    KINDS,
    CaptionParams,
    EditParams,
    ImageParams,
    Kind,
    Medium,
    Params,
    TextParams,
    UpscaleParams,
    template_params,
)
from contract.limits import MAX_INPUTS, MAX_STEPS, MAX_TEXT_CHARACTERS
from contract.templates import Reference, TemplateError, parse, references
from contract.text import Name, Text


class SpecInvalid(ValueError):
    """A spec that cannot run; `faults` names every place."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, fault.loc))}: {fault.msg}" for fault in faults))
        self.faults = faults


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Input(_Part):
    name: Name
    label: Annotated[Text, Field(max_length=200)] = ""


def _schema_without_null(schema: dict[str, Any]) -> None:
    schema.clear()
    schema.update(type="string", maxLength=MAX_TEXT_CHARACTERS)


class TextInput(_Input):
    """A variable that takes words; without a default it must be filled in at each run."""

    type: Literal["text"]
    default: Text | None = Field(
        default=None,
        exclude_if=lambda value: value is None,
        json_schema_extra=_schema_without_null,
    )

    @field_validator("default", mode="before")
    @classmethod
    def _null_is_not_absent(cls, value: object) -> object:
        if value is None:
            raise refusal(FaultCode.WRONG_TYPE, expected="a text")
        return value


class ImageInput(_Input):
    """A variable that takes a picture: the id of an upload or of an output."""

    type: Literal["image"]


Input = Annotated[TextInput | ImageInput, Field(discriminator="type")]


class _Step(_Part):
    name: Name
    model: Annotated[str, Field(max_length=64)]

    # `kind` and `params` are declared by each step below; these views serve code that treats steps alike.
    @property
    def kind_of_step(self) -> Kind:
        return Kind(cast("Any", self).kind)

    @property
    def params_of_step(self) -> Params:
        return cast("Params", cast("Any", self).params)


class TextStep(_Step):
    """A step that writes a text."""

    kind: Literal["text"]
    params: TextParams


class ImageStep(_Step):
    """A step that draws pictures."""

    kind: Literal["image"]
    params: ImageParams


class EditStep(_Step):
    """A step that changes a picture."""

    kind: Literal["edit"]
    params: EditParams


class CaptionStep(_Step):
    """A step that describes a picture."""

    kind: Literal["caption"]
    params: CaptionParams


class UpscaleStep(_Step):
    """A step that enlarges a picture."""

    kind: Literal["upscale"]
    params: UpscaleParams


Step = Annotated[TextStep | ImageStep | EditStep | CaptionStep | UpscaleStep, Field(discriminator="kind")]


class Spec(_Part):
    """The inputs and steps of a version."""

    inputs: Annotated[list[Input], Field(max_length=MAX_INPUTS)] = []
    steps: Annotated[list[Step], Field(min_length=1, max_length=MAX_STEPS)]


def complete(spec: Spec, catalogue: Catalogue) -> Spec:
    """The spec with every absent param filled in from its model's defaults; raises SpecInvalid with every fault."""
    faults = [*_duplicate_names(spec), *_dangling_references(spec)]
    steps: list[Any] = []
    for index, step in enumerate(spec.steps):
        model = catalogue.find(step.model)
        if model is None or step.kind_of_step not in model.kinds:
            faults.append(_no_model(step, model, catalogue).below("steps", index, "model"))
            continue
        params = _with_defaults(step.params_of_step, model)
        excess = too_costly(params, model)
        found = [*beyond_limits(params, model), *([excess] if excess else [])]
        faults.extend(fault.below("steps", index, "params") for fault in found)
        steps.append(step.model_copy(update={"params": params}))
    if faults:
        raise SpecInvalid(faults)
    return spec.model_copy(update={"steps": steps})


def step_references(step: _Step) -> set[str]:
    """The names of inputs and earlier steps that a step's params refer to."""
    params = step.params_of_step
    return {
        reference.name
        for param in template_params(step.kind_of_step)
        for reference in references(cast("str", getattr(params, param)))
    }


def input_faults(spec: Spec, inputs: dict[str, str]) -> list[Fault]:
    """What is missing from or unknown in the inputs of a run; whether a picture exists is for the API to see."""
    known = {item.name: item for item in spec.inputs}
    faults = [
        Fault(("inputs", name), FaultCode.UNKNOWN_INPUT, {"known": list(known)}) for name in inputs if name not in known
    ]
    faults.extend(
        Fault(("inputs", name), FaultCode.MISSING_INPUT)
        for name, item in known.items()
        if name not in inputs and (isinstance(item, ImageInput) or item.default is None)
    )
    return faults


def filled_inputs(spec: Spec, inputs: dict[str, str]) -> dict[str, str]:
    """The inputs of a run with the defaults of absent ones."""
    defaults = {i.name: i.default for i in spec.inputs if isinstance(i, TextInput) and i.default is not None}
    return defaults | inputs


def _duplicate_names(spec: Spec) -> Iterator[Fault]:
    seen: set[str] = set()
    for group, parts in (("inputs", spec.inputs), ("steps", spec.steps)):
        for index, part in enumerate(parts):
            if part.name in seen:
                yield Fault((group, index, "name"), FaultCode.DUPLICATE_NAME, {"name": part.name})
            seen.add(part.name)


def _dangling_references(spec: Spec) -> Iterator[Fault]:
    known: dict[str, Medium] = {item.name: item.type for item in spec.inputs}
    later = {step.name for step in spec.steps}
    for index, step in enumerate(spec.steps):
        for param, medium in template_params(step.kind_of_step).items():
            loc: Loc = ("steps", index, "params", param)
            template = cast("str", getattr(step.params_of_step, param))
            found = _template_faults(template, medium=medium, known=known, later=later)
            yield from (fault.below(*loc) for fault in found)
        known.setdefault(step.name, KINDS[step.kind_of_step].makes)


def _template_faults(template: str, *, medium: Medium, known: dict[str, Medium], later: set[str]) -> Iterator[Fault]:
    try:
        parts = parse(template)
    except TemplateError as error:
        yield Fault((), FaultCode.MALFORMED_REFERENCE, {"position": error.position})
        return
    if medium == "image" and not (len(parts) == 1 and isinstance(parts[0], Reference)):
        yield Fault((), FaultCode.PICTURE_REFERENCE_NEEDED)
        return
    for part in parts:
        if isinstance(part, Reference) and (code := _reference_fault(part, medium, known=known, later=later)):
            yield Fault((), code, {"name": part.name, "position": part.position})


def _reference_fault(
    reference: Reference, medium: Medium, *, known: dict[str, Medium], later: set[str]
) -> FaultCode | None:
    if reference.name in known:
        if known[reference.name] == medium:
            return None
        return FaultCode.TEXT_NEEDED if medium == "text" else FaultCode.PICTURE_NEEDED
    return FaultCode.LATER_REFERENCE if reference.name in later else FaultCode.UNKNOWN_REFERENCE


def _no_model(step: _Step, model: Model | None, catalogue: Catalogue) -> Fault:
    fit = [m.id for m in catalogue.models if step.kind_of_step in m.kinds]
    code = FaultCode.UNKNOWN_MODEL if model is None else FaultCode.UNFIT_MODEL
    return Fault((), code, {"kind": step.kind_of_step.value, "models": fit})


def _with_defaults(params: Params, model: Model) -> Params:
    absent = set(type(params).model_fields) - params.model_fields_set
    return params.model_copy(update={name: model.defaults[name] for name in absent if name in model.defaults})


def beyond_limits(params: Params, model: Model) -> Iterator[Fault]:
    """The params that are outside of what their model can do; a fault's place is the param's name."""
    for name, limit in model.limits.items():
        value = getattr(params, name, None)
        if value is None or limit.minimum <= (len(value) if isinstance(value, str) else value) <= limit.maximum:
            continue
        minimum, maximum = _plain(limit.minimum), _plain(limit.maximum)
        rule: Mapping[str, Value] = {"minimum": minimum, "maximum": maximum, "model": model.id}
        if isinstance(value, str):
            code = FaultCode.LENGTH_BEYOND_MODEL if limit.maximum else FaultCode.NO_EFFECT_ON_MODEL
        elif limit.minimum < limit.maximum:
            code = FaultCode.BEYOND_MODEL
        else:
            code, rule = FaultCode.FIXED_BY_MODEL, {"only": minimum, "model": model.id}
        yield Fault((name,), code, rule)


def _plain(number: float) -> int | float:
    return int(number) if number == int(number) else number
