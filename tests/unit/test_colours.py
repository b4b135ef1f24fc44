"""An accent colour gives tokens that can be read on every ground, or is refused with one that does."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from pathlib import Path

import pytest
import tinycss2
from hypothesis import example, given
from hypothesis import strategies as st

import forum
from forum import colours
from forum.colours import GROUNDS, RECOGNISABLE, Colour, Palette, Tone, Unsuitable, contrast, derive, parse

_CHANNEL = st.integers(0, 255)
_COLOURS = st.builds(Colour, _CHANNEL, _CHANNEL, _CHANNEL)
_DECLARED = re.compile(r"--([a-z0-9-]+):\s*(?:light-dark\((#[0-9a-f]+),\s*(#[0-9a-f]+)\)|(#[0-9a-f]+))")
CSS = (Path(forum.__file__).parent / "static" / "koinon.css").read_text(encoding="utf-8")


def _whole(text: str) -> Colour:
    return parse(text if len(text) == 7 else "#" + "".join(2 * digit for digit in text[1:]))


def _house() -> dict[str, Tone]:
    """The tokens of the style sheet by name, the first declaration of each."""
    found: dict[str, Tone] = {}
    for name, light, dark, same in _DECLARED.findall(CSS):
        found.setdefault(name.replace("-", "_"), Tone(_whole(light or same), _whole(dark or same)))
    return found


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        ("#000000", "#ffffff", 21),
        ("#777777", "#ffffff", 4.478),
        ("#0a566a", "#ffffff", 8.228),
        ("#123456", "#123456", 1),
    ],
)
def test_contrast_is_what_wcag_says(first: str, second: str, ratio: float) -> None:
    assert contrast(parse(first), parse(second)) == pytest.approx(ratio, abs=0.01)
    assert contrast(parse(second), parse(first)) == contrast(parse(first), parse(second))


@given(_COLOURS)
def test_a_colour_is_read_as_it_is_written(colour: Colour) -> None:
    assert parse(colour.hex) == colour


@pytest.mark.parametrize(
    "text", ["", "#", "0a566a", "#0a566", "#0a566a0", "#0A566A", "#0a566g", "#0a566a\n", "#٠٠٠٠٠٠", "red", "#fff"]
)
def test_other_text_is_no_colour(text: str) -> None:
    with pytest.raises(ValueError, match="rrggbb"):
        parse(text)


@given(_COLOURS)
def test_to_oklch_and_back_is_the_same_colour(colour: Colour) -> None:
    back = colours._oklch(*colours._lch(colour))
    assert max(abs(getattr(back, name) - getattr(colour, name)) for name in ("red", "green", "blue")) <= 1


@given(_COLOURS)
@example(parse("#000000"))
@example(parse("#ffffff"))
@example(parse("#0000ff"))
@example(parse("#00ff00"))
@example(parse("#ff0000"))
@example(parse("#ffff00"))
@example(parse("#777777"))
def test_every_colour_gives_readable_tokens_or_is_refused_with_one_that_does(colour: Colour) -> None:
    palette = _derived(colour)
    accepted = palette or derive(_nearest(colour))
    shown = accepted.sea.light
    _holds(accepted)
    assert _is_same_hue(colour, shown)
    assert accepted.sea.light != accepted.sea_deep.light
    assert accepted.sea.dark != accepted.sea_deep.dark
    lost = colours._lch(colour)[0] - colours._lch(shown)[0]
    assert lost <= RECOGNISABLE + 0.005 if palette else lost > RECOGNISABLE - 0.005


def _derived(colour: Colour) -> Palette | None:
    try:
        return derive(colour)
    except Unsuitable:
        return None


def _nearest(colour: Colour) -> Colour:
    with pytest.raises(Unsuitable) as refusal:
        derive(colour)
    return refusal.value.nearest


def _holds(palette: Palette) -> None:
    for found in palette.contrasts():
        assert min(found.light, found.dark) >= found.least, found
    for scheme in ("light", "dark"):
        ground, mast = GROUNDS["paper"].of(scheme), palette.mast.of(scheme)
        assert contrast(palette.sea.of(scheme), ground) >= colours.TEXT
        assert contrast(palette.mast_2.of(scheme), mast) >= colours.MARKS


def _is_same_hue(first: Colour, second: Colour) -> bool:
    """Greys have no hue, and eight bits leave a dark colour little of one."""
    (_, chroma, hue), (_, other_chroma, other) = colours._lch(first), colours._lch(second)
    turn = abs(math.remainder(hue - other, math.tau))
    return min(chroma, other_chroma) < 0.03 or turn < 0.15


@pytest.mark.parametrize("text", ["#0a566a", "#7a1f3d", "#1d4ed8", "#00563f", "#4b0082", "#000000"])
def test_a_colour_that_can_be_read_stays_as_it_was_chosen(text: str) -> None:
    assert derive(parse(text)).sea.light == parse(text)


@pytest.mark.parametrize("text", ["#ffffff", "#fefefe", "#ffff00", "#ffcc00", "#f57c00", "#aaf0d1", "#ffc0cb"])
def test_what_would_become_another_colour_is_refused(text: str) -> None:
    assert derive(_nearest(parse(text)))


def test_what_is_a_little_too_light_is_darkened() -> None:
    chosen = parse("#1e88e5")
    assert contrast(chosen, parse("#ffffff")) < colours.TEXT
    assert derive(chosen).sea.light != chosen


def test_the_grounds_are_those_of_the_style_sheet() -> None:
    house = _house()
    assert {name: house[name] for name in GROUNDS} == GROUNDS


def test_the_colours_of_the_house_hold_to_the_same_rules() -> None:
    house = _house()
    _holds(Palette(**{field.name: house[field.name] for field in fields(Palette)}))


@given(_COLOURS)
def test_the_style_sheet_is_one_rule_of_tokens_and_nothing_else(colour: Colour) -> None:
    text = colours.style_sheet(_derived(colour) or derive(_nearest(colour)))
    [layer] = tinycss2.parse_stylesheet(text, skip_whitespace=True)
    assert (layer.type, layer.at_keyword, tinycss2.serialize(layer.prelude).strip()) == ("at-rule", "layer", "tokens")
    [rule] = tinycss2.parse_rule_list(layer.content, skip_whitespace=True)
    names = [declaration.name for declaration in tinycss2.parse_declaration_list(rule.content, skip_whitespace=True)]
    assert names == ["--sea", "--sea-deep", "--sea-soft", "--on-sea", "--mast", "--mast-up", "--mast-2"]
