"""What is written on coloured bars can be read."""

from __future__ import annotations

import pytest

from microtvm_boards.cli.show.colours import BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY, ink

LEAST_CONTRAST = 4.5  # WCAG 2, level AA


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", [BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY])
def test_text_stands_out_from_every_colour(colour: str) -> None:
    light, dark = sorted((luminance(colour), luminance(ink(colour))), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= LEAST_CONTRAST
