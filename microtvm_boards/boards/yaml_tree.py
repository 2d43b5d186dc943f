"""YAML text to plain values that remember their line. For board files: small, flat, hand-written.

Plain scalars follow YAML 1.2's core schema without octal numbers and floats, not YAML 1.1 as
PyYAML does by default: there `0403` is 259, `no` is False and `1:30` is 90, and none of that is
what somebody means who writes a USB id or a baud rate. What a board file needs no part of
(anchors, aliases, tags, several documents) is refused, and with it every way to make a small text
expand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from microtvm_boards.boards.source import Keys

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | bool | None"

MAX_DEPTH = 16

_WORDS: Mapping[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "true": True,
    "false": False,
}
_NUMBER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,19})|0x[0-9a-fA-F]{1,16}")


class YamlError(Exception):
    """The text isn't the YAML that board files are written in."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line  # from 1
        self.problem = problem


@dataclass(frozen=True)
class Tree:
    """A value and the line, from 1, of each of its parts; a part is named by its keys."""

    value: Value
    lines: Mapping[Keys, int]

    def line(self, path: Keys) -> int:
        """The line of the part at `path`, or of the nearest part around it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def dotted(path: Keys) -> str:
    """("memories", 1, "size") as memories[1].size."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def parse_yaml(text: str) -> Tree:
    """Raises YamlError with a line for anything but one document of plain values."""
    try:
        root = _Loader(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YamlError(line, f"character {error.character:#x} is not allowed") from error
    except (ValueError, OverflowError) as error:  # PyYAML lets "\UFFFFFFFF" reach chr()
        raise YamlError(1, f"not YAML ({error})") from error
    lines: dict[Keys, int] = {}
    value = None if root is None else _value(root, (), lines)
    return Tree(value, lines)


class _Loader(yaml.BaseLoader):
    """Composes nodes and refuses, before anything is built, what a board file needs no part of."""

    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]  # types-PyYAML has none
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise YamlError(line, "anchors (&) and aliases (*) are not allowed")
        if getattr(event, "tag", None) is not None:
            raise YamlError(line, f"tags ({event.tag}) are not allowed")
        if self.depth == MAX_DEPTH:
            raise YamlError(line, f"nested deeper than {MAX_DEPTH} levels")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _value(node: Any, path: Keys, lines: dict[Keys, int]) -> Value:
    """The plain value of `node`; writes the line of every part into `lines`."""
    lines.setdefault(path, node.start_mark.line + 1)  # a key's line wins over its value's
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, lines)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, i), lines) for i, item in enumerate(node.value)]
    return _scalar(node)


def _mapping(node: Any, path: Keys, lines: dict[Keys, int]) -> Value:
    mapping: dict[str, Value] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise YamlError(line, "a key is a plain word, not a list or mapping")
        key = _text(key_node)
        here = (*path, key)
        if key in mapping:
            raise YamlError(line, f'key "{dotted(here)}" was given before, in line {lines[here]}')
        lines[here] = line
        mapping[key] = _value(value_node, here, lines)
    return mapping


def _scalar(node: Any) -> Value:
    text = _text(node)
    if node.style is not None:  # quoted or a block: a text whatever it looks like
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text, 0) if _NUMBER.fullmatch(text) else text


def _text(node: Any) -> str:
    """A scalar's text on one line: line breaks of a block (| or >) become blanks."""
    text = str(node.value)
    if node.style in ("|", ">"):
        text = " ".join(text.split())
    if not text.isprintable():
        raise YamlError(
            node.start_mark.line + 1, f"{text[:40]!r} has a character that can't be shown"
        )
    return text


def _syntax_error(error: yaml.MarkedYAMLError, text: str) -> YamlError:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return YamlError(1, f"not YAML ({error})")
    if text[mark.index : mark.index + 1] == "\t":
        return YamlError(mark.line + 1, "there is a tab; YAML is indented with blanks")
    words = ", ".join(part for part in (error.problem, error.context) if part)
    return YamlError(mark.line + 1, f"not YAML ({words})")
