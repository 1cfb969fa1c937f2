"""Every pair of colours declared in tokens.css keeps its promised contrast, light and dark."""

import re
from pathlib import Path

import pytest

from incidents.views import phone

pytestmark = pytest.mark.once

TOKENS = Path(__file__).parents[2] / "static" / "css" / "tokens.css"
TEXT = TOKENS.read_text(encoding="utf-8")
COLOUR = re.compile(r"(--[a-z0-9-]+):\s*(#[0-9a-f]{6});")
PAIRS = re.findall(r"pair: (--[a-z0-9-]+) on (--[a-z0-9-]+) ([0-9.]+)", TEXT)


def palette(mode: str) -> dict[str, str]:
    light, dark = TEXT.split("prefers-color-scheme: dark", 1)
    colours = dict(COLOUR.findall(light))
    return colours if mode == "light" else colours | dict(COLOUR.findall(dark))


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("ink", "paper", "least"), PAIRS)
def test_a_declared_pair_keeps_its_contrast(mode, ink, paper, least):
    colours = palette(mode)
    assert contrast(colours[ink], colours[paper]) >= float(least)


def test_the_measure_is_the_one_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_both_modes_name_the_same_colours_and_each_is_in_a_pair():
    light, dark = palette("light"), dict(COLOUR.findall(TEXT.split("color-scheme: dark", 1)[1]))
    assert light.keys() == dark.keys()
    assert light.keys() - {colour for pair in PAIRS for colour in pair[:2]} == {"--rule"}


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_severity_grows_stronger_with_its_number(mode):
    colours = palette(mode)
    steps = [contrast(colours[f"--severity-{n}"], colours["--paper"]) for n in (1, 2, 3, 4)]
    assert steps == sorted(steps)


def test_no_colour_is_written_outside_the_tokens():
    for file in TOKENS.parent.glob("*.css"):
        if file.name == "tokens.css":
            continue
        screen = file.read_text(encoding="utf-8").split("@media print")[0]
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(", screen), file.name


@pytest.mark.parametrize(
    ("face", "most"),
    [("field", 38_000), ("public", 38_000), ("desk", 48_000)],
)
def test_the_style_sheets_of_a_face_stay_small(face, most):
    """What one page loads; a phone in a bad network loads only its own."""
    own = TOKENS.parent.glob(f"{face}*.css")
    shared = [TOKENS.parent / f"{name}.css" for name in ("tokens", "site", "components", "forms")]
    assert sum(file.stat().st_size for file in [*shared, *own]) < most


def test_the_phone_app_loads_less_than_a_page():
    sheets = [TOKENS.parent / f"{name}.css" for name in phone.SHEETS]
    assert sum(file.stat().st_size for file in sheets) < 32_000
