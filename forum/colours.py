"""Colours: contrast as WCAG measures it, and the family of tokens that one accent colour gives in both schemes.

Pure: it knows neither who chose the colour nor where it is shown. Lightness is moved in OKLCH, which keeps the hue as
people see it. The grounds are those of the style sheet, and a test compares them with it.
Sources: WCAG 2.2, 1.4.3 and 1.4.11; Björn Ottosson, "A perceptual color space for image processing" (OKLab).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Final, Literal

Scheme = Literal["light", "dark"]

TEXT: Final = 4.5
"""Contrast of text with its ground, at least (WCAG 1.4.3)."""
MARKS: Final = 3.0
"""Contrast of what is no text but has to be seen, at least (WCAG 1.4.11)."""

RECOGNISABLE: Final = 0.1
"""Lightness in OKLCH, from 0 to 1, that an accent may lose and still be the colour that was chosen."""

_HEX: Final = re.compile(r"#[0-9a-f]{6}")
_STEPS: Final = 16
"""Halvings of a search, far finer than the 256 steps of a channel."""


@dataclass(frozen=True, slots=True)
class Colour:
    """An sRGB colour, each channel from 0 to 255."""

    red: int
    green: int
    blue: int

    @property
    def hex(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


@dataclass(frozen=True, slots=True)
class Tone:
    """A token: one colour for each scheme."""

    light: Colour
    dark: Colour

    def of(self, scheme: Scheme) -> Colour:
        return self.light if scheme == "light" else self.dark


@dataclass(frozen=True, slots=True)
class Use:
    """Where colours meet: each of the first on each of the second, with the contrast they need."""

    name: str
    above: tuple[str, ...]
    grounds: tuple[str, ...]
    least: float


@dataclass(frozen=True, slots=True)
class Contrast:
    """The lowest contrast of a use in each scheme."""

    use: str
    light: float
    dark: float
    least: float


@dataclass(frozen=True, slots=True)
class Palette:
    """The tokens of what can be acted on and of the masthead; the fields are the names in the style sheet."""

    sea: Tone
    sea_deep: Tone
    sea_soft: Tone
    on_sea: Tone
    mast: Tone
    mast_up: Tone
    mast_2: Tone

    def contrasts(self) -> tuple[Contrast, ...]:
        """Return the lowest contrast of each use, in the order of USES."""
        return tuple(
            Contrast(use.name, self._lowest(use, "light"), self._lowest(use, "dark"), use.least) for use in USES
        )

    def _lowest(self, use: Use, scheme: Scheme) -> float:
        return min(
            contrast(self._tone(above).of(scheme), self._tone(ground).of(scheme))
            for above in use.above
            for ground in use.grounds
        )

    def _tone(self, name: str) -> Tone:
        found: Tone | None = GROUNDS.get(name) or getattr(self, name, None)
        if found is None:
            raise KeyError(name)
        return found


class Unsuitable(ValueError):
    """A colour too light to be an accent; `nearest` is the first darker one of its hue that is none."""

    def __init__(self, nearest: Colour) -> None:
        self.nearest = nearest
        super().__init__(f"too light; the nearest that works is {nearest.hex}")


def parse(text: str) -> Colour:
    """Return the colour of `#rrggbb` in small letters; ValueError for any other text."""
    if not _HEX.fullmatch(text):
        raise ValueError("not a colour as #rrggbb")
    return Colour(*bytes.fromhex(text[1:]))


def _tone(light: str, dark: str) -> Tone:
    return Tone(parse(light), parse(dark))


GROUNDS: Final = {
    "paper": _tone("#fcfbf8", "#13191b"),
    "surface": _tone("#ffffff", "#1a2224"),
    "sunken": _tone("#f3f1eb", "#20292c"),
    "ink": _tone("#1b2326", "#e8e6e0"),
    "ink_2": _tone("#475255", "#bcc3c1"),
    "ink_3": _tone("#5c6669", "#a0aaaa"),
    "on_mast": _tone("#f6f3ec", "#e8eef0"),
    "glow": _tone("#f4b183", "#f4b183"),
}
"""The tokens that an accent leaves as they are and that its own meet."""

USES: Final = (
    Use("links", ("sea",), ("paper", "surface", "sunken", "sea_soft"), TEXT),
    Use("hovered", ("sea_deep",), ("paper", "surface", "sunken", "sea_soft"), TEXT),
    Use("buttons", ("on_sea",), ("sea", "sea_deep"), TEXT),
    Use("chosen", ("ink", "ink_2", "ink_3"), ("sea_soft",), TEXT),
    Use("masthead", ("on_mast",), ("mast", "mast_up"), TEXT),
    Use("tagline", ("mast_2",), ("mast", "mast_up"), TEXT),
    Use("current", ("glow",), ("mast", "mast_up"), MARKS),
)
"""Every pair the style sheet draws with a token of the family."""


def luminance(colour: Colour) -> float:
    """Return the relative luminance, 0 for black and 1 for white (WCAG 2.2, "relative luminance")."""
    red, green, blue = map(_linear, (colour.red, colour.green, colour.blue))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: Colour, second: Colour) -> float:
    """Return the contrast ratio, from 1 to 21, whichever is the lighter (WCAG 2.2, "contrast ratio")."""
    one, other = luminance(first), luminance(second)
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def derive(accent: Colour) -> Palette:
    """Return the tokens of an accent, which is itself the light scheme's colour of links whenever it can be.

    A colour that is a little too light is darkened, by RECOGNISABLE at most. Raise Unsuitable for one that would have
    to lose more: what is left of yellow is brown. In the dark scheme the hue stays and the lightness is the scheme's.
    """
    lightness, chroma, hue = _lch(accent)
    tint = _oklch(0.945, min(0.2 * chroma, 0.02), hue)
    sea = _darkened_until(accent, lambda colour: _is_read_on_light(colour, tint))
    own = _lch(sea)[0]
    if lightness - own > RECOGNISABLE:
        raise Unsuitable(sea)
    # What is nearly black cannot be seen to darken when it is pointed at, so it lightens.
    deep = _oklch(own - 0.09 if own > 0.25 else own + 0.12, chroma, hue)
    return Palette(
        sea=Tone(sea, _oklch(0.79, min(chroma, 0.11), hue)),
        sea_deep=Tone(deep, _oklch(0.88, min(0.6 * chroma, 0.07), hue)),
        sea_soft=Tone(tint, _oklch(0.305, min(0.45 * chroma, 0.045), hue)),
        on_sea=Tone(parse("#ffffff"), _oklch(0.235, min(0.5 * chroma, 0.04), hue)),
        mast=Tone(_oklch(0.315, min(0.7 * chroma, 0.1), hue), _oklch(0.25, min(0.5 * chroma, 0.07), hue)),
        mast_up=Tone(_oklch(0.375, min(0.8 * chroma, 0.12), hue), _oklch(0.345, min(0.7 * chroma, 0.1), hue)),
        mast_2=Tone(_oklch(0.85, min(0.35 * chroma, 0.035), hue), _oklch(0.8, min(0.4 * chroma, 0.04), hue)),
    )


def style_sheet(palette: Palette) -> str:
    """Return the rules that put the tokens in the place of the house's."""
    tokens = "\n".join(
        f"    --{field.name.replace('_', '-')}: light-dark({tone.light.hex}, {tone.dark.hex});"
        for field in fields(palette)
        for tone in (getattr(palette, field.name),)
    )
    return f"@layer tokens {{\n  :root, [data-scheme] {{\n{tokens}\n  }}\n}}\n"


def _is_read_on_light(colour: Colour, tint: Colour) -> bool:
    grounds = (*(GROUNDS[name].light for name in ("paper", "surface", "sunken")), tint)
    return all(contrast(colour, ground) >= TEXT for ground in grounds)


def _darkened_until(colour: Colour, holds: Callable[[Colour], bool]) -> Colour:
    """Return the lightest colour of the same hue, and no lighter, for which something holds that holds for black."""
    if holds(colour):
        return colour
    high, chroma, hue = _lch(colour)
    low = 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if holds(_oklch(middle, chroma, hue)):
            low = middle
        else:
            high = middle
    return _oklch(low, chroma, hue)


def _linear(channel: int) -> float:
    value = channel / 255
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _encoded(value: float) -> int:
    value = min(max(value, 0.0), 1.0)
    return round(255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055))


def _lch(colour: Colour) -> tuple[float, float, float]:
    """Return lightness (0 to 1), chroma and hue (radians) in OKLCH."""
    red, green, blue = map(_linear, (colour.red, colour.green, colour.blue))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    return lightness, math.hypot(a, b), math.atan2(b, a)


def _oklch(lightness: float, chroma: float, hue: float) -> Colour:
    """Return the colour, with as much of the chroma as a screen can show at this lightness."""
    channels = _channels(lightness, chroma, hue)
    if not _is_shown(channels):
        low, high = 0.0, chroma
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if _is_shown(_channels(lightness, middle, hue)):
                low = middle
            else:
                high = middle
        channels = _channels(lightness, low, hue)
    return Colour(*map(_encoded, channels))


def _is_shown(channels: tuple[float, float, float]) -> bool:
    return all(-1e-5 <= channel <= 1 + 1e-5 for channel in channels)


def _channels(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    """Return linear red, green and blue, which lie outside 0 to 1 when no screen shows the colour."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
