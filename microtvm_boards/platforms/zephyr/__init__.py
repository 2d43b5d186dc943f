"""Zephyr: an ordinary application of the user's own tree."""
