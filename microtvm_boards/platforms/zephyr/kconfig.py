"""The option `zephyr_config`: Kconfig settings, as users write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from microtvm_boards.errors import UsageError

_SETTING = re.compile(r"(CONFIG_[A-Z0-9_]+)(?:[=:](.*))?")


def settings(raw: Iterable[str]) -> tuple[str, ...]:
    """Kconfig settings as lines of a prj.conf: CONFIG_X=value.

    CONFIG_X:value and CONFIG_X alone (for y) are taken too: tvmc can't pass a "=" in a value.
    Raises UsageError for anything else.
    """
    lines = []
    for text in raw:
        match = _SETTING.fullmatch(text)
        if match is None:
            raise UsageError(
                f'Option "zephyr_config" takes Kconfig settings; found "{text}".',
                hint="CONFIG_NAME=value, CONFIG_NAME:value, or CONFIG_NAME for y",
            )
        lines.append(f"{match[1]}={'y' if match[2] is None else match[2]}")
    return tuple(lines)
