"""Faults: why a request, a spec or a run's inputs cannot be, each with a code that programs and pages hang on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import LiteralString, cast

from pydantic_core import PydanticCustomError

Loc = tuple[str | int, ...]
"""Where a fault stands, for example `("steps", 1, "params", "prompt")`."""
Value = str | int | float | Sequence[str]


class FaultCode(StrEnum):
    """Every reason there is; from version 0.1.0 on codes are only added."""

    # What any body or parameter may have.
    INVALID = "invalid"
    MISSING = "missing"
    UNKNOWN_FIELD = "unknown_field"
    UNKNOWN_PARAMETER = "unknown_parameter"
    REPEATED_PARAMETER = "repeated_parameter"
    WRONG_TYPE = "wrong_type"
    NOT_ONE_OF = "not_one_of"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_MAXIMUM = "above_maximum"
    NOT_ABOVE = "not_above"
    NOT_BELOW = "not_below"
    NOT_A_MULTIPLE = "not_a_multiple"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    TOO_FEW_ITEMS = "too_few_items"
    TOO_MANY_ITEMS = "too_many_items"
    TOO_MANY_KEYS = "too_many_keys"
    TOO_MANY_VALUES = "too_many_values"
    TOO_DEEP = "too_deep"
    BLANK = "blank"
    NUL_CHARACTER = "nul_character"
    NOT_UNICODE = "not_unicode"
    BAD_ID = "bad_id"
    BAD_TIME = "bad_time"
    BAD_NAME = "bad_name"
    BAD_HANDLE = "bad_handle"
    BAD_EMAIL = "bad_email"
    BAD_TAG = "bad_tag"
    BAD_IDEMPOTENCY_KEY = "bad_idempotency_key"
    BAD_CURSOR = "bad_cursor"
    BAD_VERSION = "bad_version"
    # What needs the account or the state of things to see.
    RESERVED_HANDLE = "reserved_handle"
    NEEDED_FOR_FULL_ACCOUNT = "needed_for_full_account"
    IN_THE_PAST = "in_the_past"
    UNKNOWN_VERSION = "unknown_version"
    OUTDATED_VERSION = "outdated_version"
    UNKNOWN_INPUT = "unknown_input"
    MISSING_INPUT = "missing_input"
    UNKNOWN_PICTURE = "unknown_picture"
    UNKNOWN_COVER = "unknown_cover"
    # Why a spec cannot run.
    DUPLICATE_NAME = "duplicate_name"
    MALFORMED_REFERENCE = "malformed_reference"
    UNKNOWN_REFERENCE = "unknown_reference"
    LATER_REFERENCE = "later_reference"
    PICTURE_NEEDED = "picture_needed"
    TEXT_NEEDED = "text_needed"
    PICTURE_REFERENCE_NEEDED = "picture_reference_needed"
    UNKNOWN_MODEL = "unknown_model"
    UNFIT_MODEL = "unfit_model"
    BEYOND_MODEL = "beyond_model"
    LENGTH_BEYOND_MODEL = "length_beyond_model"
    FIXED_BY_MODEL = "fixed_by_model"
    NO_EFFECT_ON_MODEL = "no_effect_on_model"
    TOO_COSTLY = "too_costly"


SENTENCES: Mapping[FaultCode, str] = {
    FaultCode.INVALID: "is not right",
    FaultCode.MISSING: "is missing",
    FaultCode.UNKNOWN_FIELD: "is not a field of this body",
    FaultCode.UNKNOWN_PARAMETER: "is not a parameter of this call; it takes: {known}",
    FaultCode.REPEATED_PARAMETER: "is given twice",
    FaultCode.WRONG_TYPE: "must be {expected}",
    FaultCode.NOT_ONE_OF: "must be one of: {known}",
    FaultCode.BELOW_MINIMUM: "must be at least {minimum}",
    FaultCode.ABOVE_MAXIMUM: "must be at most {maximum}",
    FaultCode.NOT_ABOVE: "must be more than {limit}",
    FaultCode.NOT_BELOW: "must be less than {limit}",
    FaultCode.NOT_A_MULTIPLE: "must be a multiple of {unit}",
    FaultCode.TOO_SHORT: "must have at least {minimum} characters",
    FaultCode.TOO_LONG: "must have at most {maximum} characters",
    FaultCode.TOO_FEW_ITEMS: "must have at least {minimum} items",
    FaultCode.TOO_MANY_ITEMS: "must have at most {maximum} items",
    FaultCode.TOO_MANY_KEYS: "has an object with more than {maximum} fields",
    FaultCode.TOO_MANY_VALUES: "has more than {maximum} values",
    FaultCode.TOO_DEEP: "is nested deeper than {maximum} levels",
    FaultCode.BLANK: "needs a visible character",
    FaultCode.NUL_CHARACTER: "must not contain the NUL character",
    FaultCode.NOT_UNICODE: "must be valid Unicode",
    FaultCode.BAD_ID: "must be an id such as 019c2a7e-5b1c-7f3a-9d2e-4b8c1a6f0e57",
    FaultCode.BAD_TIME: "must be a time that exists, such as 2027-01-31T12:00:00Z",
    FaultCode.BAD_NAME: "must be small Latin letters, digits and _, beginning with a letter, at most 32",
    FaultCode.BAD_HANDLE: "must be 2 to 31 small Latin letters, digits, - and _, beginning with a letter or digit",
    FaultCode.BAD_EMAIL: "must be an email address",
    FaultCode.BAD_TAG: "must not have a comma or # in it, nor begin with a space",
    FaultCode.BAD_IDEMPOTENCY_KEY: "must be visible ASCII characters without spaces",
    FaultCode.BAD_CURSOR: "is no cursor of this list: take `next` of a page with the same path and filters",
    FaultCode.BAD_VERSION: "must name a version as PIPELINE:NUMBER",
    FaultCode.RESERVED_HANDLE: "must not begin with: {prefixes}",
    FaultCode.NEEDED_FOR_FULL_ACCOUNT: "is needed too, to make a guest a full account",
    FaultCode.IN_THE_PAST: "must lie in the future",
    FaultCode.UNKNOWN_VERSION: "is not the number of a version of this pipeline",
    FaultCode.OUTDATED_VERSION: "was saved under older rules: make a new version from its prompts",
    FaultCode.UNKNOWN_INPUT: "is not an input of this version; it takes: {known}",
    FaultCode.MISSING_INPUT: "is missing: this input has no default",
    FaultCode.UNKNOWN_PICTURE: "is not the id of a picture that you may use",
    FaultCode.UNKNOWN_COVER: "is not an output of this run",
    FaultCode.DUPLICATE_NAME: '"{name}" is used twice; names are unique over inputs and steps',
    FaultCode.MALFORMED_REFERENCE: (
        "the {{{{ at character {position} starts no reference: write {{{{name}}}} without spaces, or {{{{{{{{ for a"
        " literal {{{{"
    ),
    FaultCode.UNKNOWN_REFERENCE: "{{{{{name}}}}} at character {position}: no input or step before has this name",
    FaultCode.LATER_REFERENCE: "{{{{{name}}}}} at character {position}: a step can only use steps before it",
    FaultCode.PICTURE_NEEDED: "{{{{{name}}}}} at character {position} is a text; a picture is needed here",
    FaultCode.TEXT_NEEDED: "{{{{{name}}}}} at character {position} is a picture; a text is needed here",
    FaultCode.PICTURE_REFERENCE_NEEDED: "must be one whole reference to a picture, such as {{{{photo}}}}",
    FaultCode.UNKNOWN_MODEL: "is not in the catalogue; models for {kind}: {models}",
    FaultCode.UNFIT_MODEL: "cannot do {kind}; models that can: {models}",
    FaultCode.BEYOND_MODEL: "must be between {minimum} and {maximum} for the model {model}",
    FaultCode.LENGTH_BEYOND_MODEL: "must have between {minimum} and {maximum} characters for the model {model}",
    FaultCode.FIXED_BY_MODEL: "must be {only} for the model {model}",
    FaultCode.NO_EFFECT_ON_MODEL: "has no effect on the model {model}: leave it empty",
    FaultCode.TOO_COSTLY: (
        "costs {cost} megapixel-steps and {maximum} are the most: make fewer pictures, take fewer steps, or make the"
        " pictures smaller"
    ),
}
"""What each code says in English, behind the name of the field; a page has its own sentences."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason why a request cannot be done, and where it stands.

    The values are rules and names, such as a limit or the steps that there are; never what was sent, which may be
    long, or a secret.
    """

    loc: Loc
    code: FaultCode
    values: Mapping[str, Value] = field(default_factory=dict[str, Value])

    @property
    def msg(self) -> str:
        """The fault in English, for people who read the answer."""
        return sentence(self.code, self.values)

    def below(self, *loc: str | int) -> "Fault":
        """The same fault seen from further out."""
        return Fault((*loc, *self.loc), self.code, self.values)


def sentence(code: FaultCode, values: Mapping[str, Value]) -> str:
    """What a code says in English with these values."""
    return SENTENCES[code].format(**{name: _spoken(value) for name, value in values.items()})


def refusal(code: FaultCode, **values: Value) -> PydanticCustomError:
    """The same fault for a validator of pydantic to raise, which adds the place by itself."""
    return PydanticCustomError(cast("LiteralString", code.value), "{said}", {"said": sentence(code, values), **values})


def _spoken(value: Value) -> str:
    match value:
        case str():
            return value
        case int():
            return f"{value:,}"
        case float():
            return f"{value:g}"
        case _:
            return ", ".join(value) or "none"
