"""The colours of the shop, computed: text is readable in both themes, and the system's dark theme is the chosen one."""

import re

import pytest
from django.conf import settings

STYLES = settings.BASE_DIR / "shop" / "static" / "storefront" / "css"
TEXTS = [
    ("ink", "paper"), ("ink", "raised"), ("ink", "stage"), ("ink", "accent-soft"), ("muted", "paper"), ("muted", "raised"),
    ("accent", "paper"), ("accent", "raised"), ("accent-ink", "accent"), ("paper", "ink"), ("good", "paper"),
    ("warn", "paper"), ("warn", "warn-soft"), ("bad", "paper"), ("bad", "raised"), ("muted", "accent-soft"),
]  # fmt: skip


def blocks() -> dict[str, dict[str, str]]:
    css = (STYLES / "tokens.css").read_text("utf-8")
    found = re.findall(r'(:root|\[data-theme="dark"\]|:root:not\(\[data-theme="light"\]\)) \{(.*?)\}', css, re.DOTALL)
    return {name: dict(re.findall(r"--([\w-]+): ([^;]+);", body)) for name, body in found}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, 1.4.3."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [":root", '[data-theme="dark"]'])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_is_readable_in_both_themes(theme, text, ground):
    tokens = blocks()[theme]
    assert contrast(tokens[text], tokens[ground]) >= 4.5


@pytest.mark.parametrize("theme", [":root", '[data-theme="dark"]'])
def test_edges_of_fields_can_be_seen(theme):
    tokens = blocks()[theme]
    assert contrast(tokens["edge"], tokens["paper"]) >= 3


def test_a_system_in_dark_mode_and_the_choice_of_it_look_the_same():
    found = blocks()
    assert found['[data-theme="dark"]'] == found[':root:not([data-theme="light"])']


def test_only_the_tokens_name_colours_and_nothing_names_an_unknown_token():
    known = set(re.findall(r"--([\w-]+):", (STYLES / "tokens.css").read_text("utf-8")))
    for file in STYLES.glob("*.css"):
        css = re.sub(r"/\*.*?\*/", "", file.read_text("utf-8"), flags=re.DOTALL)
        if file.name not in {"tokens.css", "print.css"}:
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", css), file.name
        own = set(re.findall(r"--([\w-]+):", css))
        assert set(re.findall(r"var\(--([\w-]+)", css)) <= known | own, file.name
