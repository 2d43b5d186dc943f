"""Which values an index of generated C can take: expressions over loop variables as ranges.

Loops of generated code have constant bounds, so an index' largest value says how long its buffer
is. A range is exact where the variables of its terms are independent, else too wide.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Range:
    """All integers from `low` to `high`, both included."""

    low: int
    high: int


_TOKEN = re.compile(
    r"\s*(?:(0x[0-9a-fA-F]{1,16}|\d{1,19})[uUlL]*|([A-Za-z_]\w*)|(>>|<<|<=|>=|==|!=|&&|\|\||.))"
)
_CAST = re.compile(r"\(\s*(?:u?int\d{1,2}_t|int|size_t|bool)\s*\)")
_MOST_TOKENS = 4000
_MOST_DEPTH = 50


class _Unknown(Exception):
    """The expression has something that isn't understood."""


def range_of(expression: str, variables: Mapping[str, Range]) -> Range | None:
    """None when it has a variable without a range, or an operation that isn't understood."""
    tokens = [m[1] or m[2] or m[3] for m in _TOKEN.finditer(_CAST.sub("", expression))]
    if len(tokens) > _MOST_TOKENS:
        return None
    try:
        parser = _Parser([t for t in tokens if t.strip()], variables)
        found = parser.expression(0)
        return found if parser.at == len(parser.tokens) else None
    except (_Unknown, IndexError, ValueError):  # 01 is octal in C, and none of TVM's
        return None


# Binary operators by how tightly they bind (C99 6.5), loosest first.
_LEVELS = (
    ("||",),
    ("&&",),
    ("&",),
    ("==", "!=", "<", ">", "<=", ">="),
    (">>", "<<"),
    ("+", "-"),
    ("*", "/", "%"),
)


class _Parser:
    def __init__(self, tokens: list[str], variables: Mapping[str, Range]) -> None:
        self.tokens = tokens
        self.variables = variables
        self.at = 0
        self.depth = 0

    def expression(self, level: int) -> Range:
        if level == 0:
            condition = self.binary(0)
            if self.peek() == "?":
                self.at += 1
                first = self.expression(0)
                if self.next() != ":":
                    raise _Unknown
                second = self.expression(0)
                condition = Range(min(first.low, second.low), max(first.high, second.high))
            return condition
        return self.binary(level)

    def binary(self, level: int) -> Range:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in _LEVELS[level]:
            left = _apply(self.next(), left, self.binary(level + 1))
        return left

    def unary(self) -> Range:
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            raise _Unknown
        value = self.atom()
        self.depth -= 1
        return value

    def atom(self) -> Range:
        token = self.next()
        if token == "-":
            inner = self.unary()
            return Range(-inner.high, -inner.low)
        if token == "(":
            inner = self.expression(0)
            if self.next() != ")":
                raise _Unknown
            return inner
        if token[0].isdigit():
            return Range(int(token, 0), int(token, 0))
        if token not in self.variables:
            raise _Unknown
        return self.variables[token]

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def next(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1]


def _apply(operator: str, a: Range, b: Range) -> Range:
    if operator == "+":
        return Range(a.low + b.low, a.high + b.high)
    if operator == "-":
        return Range(a.low - b.high, a.high - b.low)
    if operator == "*":
        products = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
        return Range(min(products), max(products))
    if operator in ("||", "&&", "==", "!=", "<", ">", "<=", ">="):
        return Range(0, 1)
    if a.low < 0 or b.low != b.high or b.low < 0:
        raise _Unknown
    constant = b.low
    if operator == ">>" and constant < 64:
        return Range(a.low >> constant, a.high >> constant)
    if operator == "<<" and constant < 64:
        return Range(a.low << constant, a.high << constant)
    if operator == "&":
        # x & 7 is x when x is at most 7, as with %.
        return a if a.high <= constant and (constant & (constant + 1)) == 0 else Range(0, constant)
    if constant == 0:
        raise _Unknown
    if operator == "/":
        return Range(a.low // constant, a.high // constant)
    if operator == "%":
        return a if a.high < constant else Range(0, constant - 1)
    raise _Unknown
