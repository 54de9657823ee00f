"""Prompt templates: one pass, exact places, nothing parsed twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.templates import Reference, TemplateError, parse, references, resolve

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)


def test_a_reference_is_found_with_its_place() -> None:
    assert references("Draw {{subject}} in {{style}}") == [Reference("subject", 6), Reference("style", 21)]


def test_four_braces_write_two() -> None:
    assert resolve("{{{{name}} is {{name}}", {"name": "Ana"}) == "{{name}} is Ana"


def test_closing_braces_alone_are_text() -> None:
    assert resolve("a }} b", {}) == "a }} b"


@pytest.mark.parametrize(
    "template", ["{{ name }}", "{{Name}}", "{{}}", "{{name", "{{{name}}}", "{{1a}}", "{{" + "a" * 33 + "}}"]
)
def test_any_other_pair_of_braces_is_a_fault_that_names_its_place(template: str) -> None:
    with pytest.raises(TemplateError, match="at character 5"):
        parse("abc " + template)


def test_inserted_values_are_never_parsed() -> None:
    assert resolve("{{a}} {{b}}", {"a": "{{b}}", "b": "{{{{"}) == "{{b}} {{{{"


@given(st.text())
def test_a_text_without_double_braces_stands_for_itself(text: str) -> None:
    text = text.replace("{{", "{")
    while "{{" in text:
        text = text.replace("{{", "{")
    assert resolve(text, {}) == text


@given(
    st.lists(
        st.one_of(
            NAMES.map(lambda name: (name, True)), st.text(alphabet="ab {}\n", max_size=8).map(lambda t: (t, False))
        )
    )
)
def test_escaping_and_resolving_are_inverse(parts: list[tuple[str, bool]]) -> None:
    """Literals are escaped by a space after each brace run, references by their name's value."""
    literals = [(text.replace("{", "( "), is_name) if not is_name else (text, True) for text, is_name in parts]
    template = "".join(f"{{{{{text}}}}}" if is_name else text for text, is_name in literals)
    expected = "".join(f"<{text}>" if is_name else text for text, is_name in literals)
    assert resolve(template, {text: f"<{text}>" for text, is_name in literals if is_name}) == expected
