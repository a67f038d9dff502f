from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fusion.colours import NAMES, colour_shares, measure_colours, to_lab


def thing(colour: str | tuple[int, int, int], background: str | tuple[int, int, int] = "white", size: int = 120) -> Image.Image:
    photo = Image.new("RGB", (size, size), background)
    ImageDraw.Draw(photo).ellipse((size * 0.2, size * 0.15, size * 0.8, size * 0.9), fill=colour)
    return photo


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((12, 12, 12), "black"),
        ((128, 128, 128), "gray"),
        ((200, 20, 30), "red"),
        ((128, 10, 30), "red"),
        ((245, 130, 20), "orange"),
        ((250, 220, 30), "yellow"),
        ((30, 140, 60), "green"),
        ((85, 95, 40), "green"),
        ((30, 80, 200), "blue"),
        ((25, 35, 95), "blue"),
        ((110, 40, 150), "purple"),
        ((250, 150, 190), "pink"),
        ((110, 65, 35), "brown"),
        ((222, 205, 175), "beige"),
    ],
)
def test_a_plain_thing_on_white_is_named(colour, name):
    assert measure_colours(thing(colour)) == (name,)


def test_a_white_thing_is_white_on_white_and_on_gray():
    assert measure_colours(thing((240, 240, 240)))[0] == "white"
    assert measure_colours(thing("white", (120, 120, 120)))[0] == "white"


def test_the_background_is_not_the_thing():
    assert measure_colours(thing((30, 80, 200), (245, 130, 20))) == ("blue",)


def test_two_colours_come_dominant_first():
    photo = thing((200, 20, 30))
    ImageDraw.Draw(photo).rectangle((40, 75, 80, 100), fill=(25, 25, 25))
    assert measure_colours(photo) == ("red", "black")


def test_skin_does_not_name_a_worn_thing():
    photo = thing((30, 80, 200))
    ImageDraw.Draw(photo).rectangle((35, 10, 85, 62), fill=(224, 172, 140))
    assert measure_colours(photo) == ("blue",)


def test_a_skin_coloured_thing_keeps_its_name():
    assert measure_colours(thing((150, 95, 70)))[0] == "brown"


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (400, 1), (2, 3)])
def test_any_size_gives_a_name(size):
    assert measure_colours(Image.new("RGB", size, (200, 20, 30)))[0] in NAMES


def test_shares_add_up_to_one():
    assert colour_shares(Image.effect_noise((80, 60), 90).convert("RGB")).sum() == pytest.approx(1.0, abs=1e-5)


def test_lab_agrees_with_scikit_image():
    from skimage.color import rgb2lab

    rgb = np.random.default_rng(0).integers(0, 256, (20, 20, 3)).astype(np.uint8)
    np.testing.assert_allclose(to_lab(rgb), rgb2lab(rgb), atol=0.2)


def test_a_big_photo_is_measured_quickly():
    photo = Image.effect_noise((2000, 1500), 60).convert("RGB")
    measure_colours(photo)
    spent = min(_seconds(photo) for _ in range(5))
    assert spent < 0.1


def _seconds(photo: Image.Image) -> float:
    started = time.perf_counter()
    measure_colours(photo)
    return time.perf_counter() - started


@pytest.mark.parametrize(
    ("name", "rgb"),
    [
        ("red", (255, 0, 0)),
        ("red", (220, 20, 60)),
        ("red", (128, 0, 0)),
        ("orange", (255, 165, 0)),
        ("yellow", (255, 255, 0)),
        ("green", (0, 128, 0)),
        ("blue", (0, 0, 255)),
        ("blue", (0, 0, 128)),
        ("purple", (128, 0, 128)),
        ("purple", (138, 43, 226)),
        ("pink", (255, 192, 203)),
        ("brown", (139, 69, 19)),
        ("beige", (245, 245, 220)),
        ("gray", (128, 128, 128)),
        ("black", (0, 0, 0)),
        ("white", (255, 255, 255)),
    ],
)
def test_a_colour_that_everybody_names_the_same_is_named_so(name: str, rgb: tuple[int, int, int]) -> None:
    assert measure_colours(Image.new("RGB", (64, 64), rgb)) == (name,)
