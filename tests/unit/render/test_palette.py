"""The colours are the same in Python and in the browser, and can be read on every page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from omni_nb.render.palette import CSS

STYLES = Path(__file__).parents[3] / "js"
READABLE = 4.5
"""WCAG's contrast for text of any size."""

Color = tuple[float, float, float, float]
Page = Mapping[str, str]

LAB_LIGHT = {
    "page": "#ffffff",
    "currentColor": "rgba(0, 0, 0, 0.87)",
    "--jp-content-font-color1": "rgba(0, 0, 0, 0.87)",
    "--jp-content-font-color2": "rgba(0, 0, 0, 0.54)",
    "--jp-warn-color1": "#f57c00",
    "--jp-error-color1": "#d32f2f",
    "--jp-border-color2": "#e0e0e0",
    "--jp-brand-color1": "#1976d2",
}
LAB_DARK = {
    "page": "#111111",
    "currentColor": "#ffffff",
    "--jp-content-font-color1": "#ffffff",
    "--jp-content-font-color2": "rgba(255, 255, 255, 0.7)",
    "--jp-warn-color1": "#ff9800",
    "--jp-error-color1": "#f44336",
    "--jp-border-color2": "#424242",
    "--jp-brand-color1": "#2196f3",
}
PAGES = {
    "JupyterLab, light": LAB_LIGHT,
    "JupyterLab, dark": LAB_DARK,
    "bare and white": {"page": "#ffffff", "currentColor": "#000000"},
    "bare and dark": {"page": "#1e1e1e", "currentColor": "#d4d4d4"},
}


def arguments(inside: str) -> list[str]:
    """Split at the commas that are not in brackets."""
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def resolve(value: str, page: Page) -> Color:
    """Return the colour that a browser makes of a value: red, green, blue (0 to 255) and alpha."""
    if value == "transparent":
        return 0, 0, 0, 0
    if value == "currentColor":
        return resolve(page["currentColor"], page)
    if value.startswith("#"):
        digits = (
            value[1:] if len(value) == len("#rrggbb") else "".join(digit * 2 for digit in value[1:])
        )
        red, green, blue = bytes.fromhex(digits)
        return red, green, blue, 1
    name, inside = re.fullmatch(r"([a-z-]+)\((.*)\)", value).groups()
    parts = arguments(inside)
    if name == "var":
        variable, *fallback = parts
        return resolve(page.get(variable) or fallback[0], page)
    if name == "rgba":
        red, green, blue, alpha = map(float, parts)
        return red, green, blue, alpha
    assert (name, parts[0]) == ("color-mix", "in srgb"), value
    first, share = re.fullmatch(r"(.*) (\d+)%", parts[1]).groups()
    return mix(resolve(first, page), resolve(parts[2], page), int(share) / 100)


def mix(one: Color, other: Color, share: float) -> Color:
    """Mix two colours as ``color-mix`` does: each counts as much as it covers."""
    covers, other_covers = one[3] * share, other[3] * (1 - share)
    alpha = covers + other_covers
    red, green, blue = (
        (mine * covers + its * other_covers) / (alpha or 1)
        for mine, its in zip(one[:3], other[:3], strict=True)
    )
    return red, green, blue, alpha


def luminance(color: Color) -> float:
    """Return WCAG's relative luminance of an opaque colour."""
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (channel / 255 for channel in color[:3])
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(color: Color, ground: Color) -> float:
    """Return WCAG's contrast of a colour that is laid over an opaque one."""
    seen = mix((*color[:3], 1), ground, color[3])
    dark, light = sorted((luminance(seen), luminance(ground)))
    return (light + 0.05) / (dark + 0.05)


def test_the_browser_has_the_same_colours() -> None:
    found = re.findall(r"--omni-([\w-]+):\s*([^;]+);", (STYLES / "palette.css").read_text("utf-8"))
    assert dict(found) == dict(CSS)
    assert len(found) == len(CSS)


def test_colours_are_resolved_as_a_browser_does() -> None:
    page = {"currentColor": "#102030", "--a": "rgba(0, 0, 0, 0.5)"}
    assert resolve("var(--a, currentColor)", page) == (0, 0, 0, 0.5)
    assert resolve("var(--b, currentColor)", page) == (16, 32, 48, 1)
    half = resolve("color-mix(in srgb, #ffffff 50%, transparent)", page)
    assert half == (255, 255, 255, 0.5)
    assert resolve("color-mix(in srgb, #ff0000 25%, #0000ff)", page) == (63.75, 0, 191.25, 1)
    grey = resolve("#777777", page)
    assert contrast(grey, (255, 255, 255, 1)) == pytest.approx(4.48, abs=0.01)
    assert contrast((0, 0, 0, 0.54), (255, 255, 255, 1)) == pytest.approx(4.6, abs=0.05)


@pytest.mark.parametrize("name", ["text", "muted", "warn", "error"])
@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_text_can_be_read_on_every_page(name: str, page: Page) -> None:
    reached = contrast(resolve(CSS[name], page), resolve(page["page"], page))
    assert reached >= READABLE, f"{reached:.2f}"


def test_the_other_styles_repeat_none_of_them() -> None:
    names = "|".join(CSS)
    for path in STYLES.rglob("*.css"):
        if path.name != "palette.css":
            assert not re.search(rf"--omni-({names}):", path.read_text("utf-8")), path.name


def test_white_can_be_read_on_every_coloured_ground() -> None:
    css = "".join(path.read_text("utf-8") for path in sorted(STYLES.rglob("*.css")))
    fills = dict(re.findall(r"(--omni-fill): (#[0-9a-f]{6});", css))
    assert len(fills) == 1
    fill = r"var\(--omni-fill\)"
    grounds = re.findall(
        rf"(?<![\w-])background: (#\w+|{fill}|color-mix\(in srgb, {fill}.*\));", css
    )
    assert len(grounds) >= 6
    for ground in grounds:
        reached = contrast(resolve("#fff", {}), resolve(ground, fills))
        assert reached >= READABLE, f"{ground}: {reached:.2f}"
    assert set(re.findall(r"(?<![\w-])color: (#\w+);", css)) == {"#fff"}
