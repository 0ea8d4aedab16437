"""The pictures of the README: are they there, in both themes, sharp and light."""

from __future__ import annotations

import re

import pytest
from PIL import Image

from .pictures import IMAGES, SCALE, WIDTH
from .servers import REPOSITORY

MOST_BYTES = 200_000


def test_the_readme_shows_each_picture():
    shown = re.findall(r"docs/images/([\w-]+\.png)", (REPOSITORY / "README.md").read_text("utf-8"))
    assert sorted(shown) == sorted(path.name for path in IMAGES.iterdir())


@pytest.mark.parametrize("name", ["cell", "panel"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_picture_is_of_its_theme_sharp_and_light(name, theme):
    path = IMAGES / f"{name}-{theme}.png"
    picture = Image.open(path)
    assert picture.width == SCALE * WIDTH
    assert path.stat().st_size < MOST_BYTES
    colors = picture.convert("L").getcolors()
    commonest = max(colors)[1]
    assert commonest > 200 if theme == "light" else commonest < 60
