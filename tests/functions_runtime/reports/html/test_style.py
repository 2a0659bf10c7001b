"""The style sheet of the HTML report."""

from __future__ import annotations

import re

import pytest

from functions_runtime.reports.html.assets import STYLE

# (text, background): what is read must have a contrast of 4.5 to 1 (WCAG 2.2, 1.4.3).
READ_ON = [
    *((text, ground) for text in ("text", "quiet", "link") for ground in ("page", "card", "sunk", "code")),
    *((kind, f"{kind}-soft") for kind in ("error", "warning", "info", "good")),
    *((kind, ground) for kind in ("error", "warning", "info", "good") for ground in ("card", "sunk")),
    ("text", "good-soft"),
    ("quiet", "card"),
]
# What is only looked at must have 3 to 1 (1.4.11).
SEEN_ON = [*((f"{kind}-bar", "card") for kind in ("error",)), ("focus", "page"), ("quiet", "card")]


def colours(theme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\n *\}", STYLE, re.DOTALL)
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", light))
    return found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", dark)) if theme == "dark" else found


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), READ_ON)
def test_text_can_be_read(theme: str, text: str, ground: str) -> None:
    found = colours(theme)
    assert contrast(found[text], found[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SEEN_ON)
def test_shapes_can_be_seen(theme: str, shape: str, ground: str) -> None:
    found = colours(theme)
    assert contrast(found[shape], found[ground]) >= 3


@pytest.mark.parametrize("word", ["</style", "@import", "url(", "expression("])
def test_it_fetches_nothing(word: str) -> None:
    assert word not in STYLE


def test_both_themes_have_the_same_colours() -> None:
    light, dark = (
        re.findall(r"--([a-z-]+): #", block) for block in re.findall(r":root \{(.*?)\n *\}", STYLE, re.DOTALL)
    )
    assert sorted(light) == sorted(dark)
