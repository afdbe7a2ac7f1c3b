"""Text on the heat map can be read, in light and in dark."""

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = (Path(settings.BASE_DIR) / "static/growth/dashboard.css").read_text()
LIGHT, DARK = (CSS.split(start, 1)[1].split("}", 1)[0] for start in ("\n.g-board {", "\n.dark .g-board {"))


def colour(block, name):
    (digits,) = re.findall(rf"--g-{name}: #([0-9a-f]{{3,6}});", block)
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    return [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]


def luminance(rgb):
    """WCAG 2.2, relative luminance."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("shade", range(1, 7))
def test_a_shade_carries_its_text(scheme, shade):
    text = colour(scheme, "on-pale" if shade <= 3 else "on-deep")

    assert contrast(colour(scheme, f"heat-{shade}"), text) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["up", "down", "warn"])
def test_a_word_on_its_chip_can_be_read(scheme, name):
    assert contrast(colour(scheme, name), colour(scheme, f"{name}-soft")) >= 4.5
