"""C text without what could be mistaken for code. All patterns are linear: files have megabytes."""

from __future__ import annotations

import re

_TRIVIA = re.compile(r'/\*(?:.*?\*/|.*)|//[^\n]*|"[^"\\\n]*(?:\\.[^"\\\n]*)*"?', re.DOTALL)


def decode(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def without_comments(text: str) -> str:
    return _TRIVIA.sub(lambda m: m[0] if m[0][0] == '"' else " ", text)


def without_comments_and_strings(text: str) -> str:
    return _TRIVIA.sub(lambda m: '""' if m[0][0] == '"' else " ", text)
