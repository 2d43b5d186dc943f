"""Colours for drawings: told apart by people with any colour vision (Okabe and Ito)."""

from __future__ import annotations

BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY = (
    *("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00"),
    "#999999",
)


def ink(colour: str) -> str:
    """Black or white: what can be read on `colour` (#rrggbb), by WCAG 2's contrast."""
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    on_white, on_black = 1.05 / (luminance + 0.05), (luminance + 0.05) / 0.05
    return "#ffffff" if on_white > on_black else "#000000"
