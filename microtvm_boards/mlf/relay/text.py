"""The model's relay source, src/<mod>.relay: what its text says without a relay parser.

TVM prints one assignment a line (`%3 = nn.relu(%2) /* ty=... span=... */;`) and types in full.
Types of intermediate values are there only when the model was type-checked before the build.
Whatever this reader doesn't understand it leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class TensorType:
    dtype: str
    shape: tuple[int, ...] | None  # None: not static


@dataclass(frozen=True)
class Call:
    op: str
    args: tuple[str, ...]  # "%3", "0.5f", "(%1, %2)", "meta[relay.Constant][0]", ...
    attrs: Mapping[str, str]


@dataclass(frozen=True)
class RelayMain:
    """def @main of the text; expressions have no comments left but /*ty=TYPE*/."""

    params: Mapping[str, TensorType]  # inputs and weights, in order; names as printed
    output_names: tuple[str, ...] | None  # the attribute output_tensor_names
    result_types: tuple[TensorType, ...] | None
    assignments: Mapping[str, str]  # "%3" -> "nn.relu(%2)", in order
    results: tuple[str, ...]  # one expression for each output

    def param(self, name: str) -> str | None:
        """The printed name of the variable `name`: the printer puts "v" before a non-letter.

        None also when it could be another's: "_a" and "v_a" are printed as %v_a and %v_a1.
        """
        printed = name if name[:1].isalpha() and name.isascii() else f"v{name}"
        prefixed = printed[:1] == "v" and not printed[1:2].isalpha()
        if printed not in self.params or (prefixed and f"{printed}1" in self.params):
            return None
        return printed

    def call(self, expression: str) -> Call | None:
        """The call that `expression` is, or that the variable `expression` names."""
        return parse_call(self.assignments.get(expression, expression))


_DTYPE = r"(?:bool|bfloat16|(?:u?int|float)\d{1,3})"
_TYPE = re.compile(rf"Tensor\[\(([^()]*)\), (\w+)\]|(?<![\w.%])({_DTYPE})(?![\w(.])")
_SPAN_END = re.compile(r":\d+:\d+ ?$")
_TOKEN = re.compile(r'"(?:[^"\\\n]|\\.)*"|[^,()\[\]{}"]+|.', re.DOTALL)
_CALL = re.compile(r"([A-Za-z_][\w.]*)\((.*)\)$")
_ATTRIBUTE = re.compile(r"([A-Za-z_]\w*)=(.*)$")
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_MAX_TEXT = 16 << 20
_MAX_COMMENT = 1 << 16
_MAX_RANK = 32


def parse_relay(text: str) -> RelayMain | None:
    """None when there is no @main that can be read."""
    start = text.find("def @main(")
    if start < 0 or len(text) > _MAX_TEXT:
        return None
    plain = _strip_comments(text[start + len("def @main(") :])
    items, after = _split(plain, until=")")
    if after is None:
        return None
    params: dict[str, TensorType] = {}
    output_names: tuple[str, ...] | None = None
    for item in items:
        if item.startswith("%"):
            name, _, written = _without_type(item[1:])[0].rpartition(": ")
            types = parse_types(written)
            if len(types) != 1:
                return None
            params[name.partition(" {virtual_device=")[0]] = types[0]
        elif item.startswith("output_tensor_names="):
            output_names = tuple(_STRING.findall(item[:_MAX_COMMENT]))
    declared, brace, body = plain[after:].partition("{\n")
    if not brace:
        return None
    assignments, last = _statements(body)
    result, ty = _without_type(last)
    types = parse_types(declared.partition("->")[2]) or parse_types(ty)
    return RelayMain(
        params=params,
        output_names=output_names,
        result_types=types or None,
        assignments=assignments,
        results=_flatten(result, assignments),
    )


def parse_types(text: str) -> tuple[TensorType, ...]:
    """All tensor types in `text`; a tuple's fields one by one. A bare dtype is a scalar."""
    types = []
    for dims, dtype, scalar in _TYPE.findall(text):
        if scalar:
            types.append(TensorType(scalar, ()))
            continue
        sizes = [d.strip().removesuffix("i64") for d in dims.split(",") if d.strip()]
        static = len(sizes) <= _MAX_RANK and all(
            d.isascii() and d.isdigit() and len(d) < 12 for d in sizes
        )
        types.append(TensorType(dtype, tuple(int(d) for d in sizes) if static else None))
    return tuple(types)


def parse_call(expression: str) -> Call | None:
    """`op(arg, ..., name=value)` with or without /*ty=...*/; None for anything else."""
    match = _CALL.match(_without_type(expression)[0])
    if match is None:
        return None
    args: list[str] = []
    attrs: dict[str, str] = {}
    for item in _split(match[2])[0]:
        attribute = _ATTRIBUTE.match(item)
        if attribute:
            attrs[attribute[1]] = attribute[2]
        else:
            args.append(_without_type(item)[0])
    return Call(match[1], tuple(args), attrs)


def expression_type(expression: str) -> TensorType | None:
    """The type that the comment behind `expression` gives."""
    types = parse_types(_without_type(expression)[1])
    return types[0] if len(types) == 1 else None


def _without_type(expression: str) -> tuple[str, str]:
    """The expression and the type in the comment behind it, "" if there is none."""
    start = expression.rfind("/*ty=")
    if start < 0 or not expression.endswith("*/"):
        return expression.strip(), ""
    return expression[:start].strip(), expression[start + 5 : -2]


def _strip_comments(text: str) -> str:
    """Removes comments; of `/* ty=TYPE span=NAME:LINE:COLUMN */` leaves `/*ty=TYPE*/`."""
    kept = []
    position = 0
    while (start := text.find("/*", position)) >= 0:
        kept.append(text[position:start])
        limit = min(len(text), start + _MAX_COMMENT)
        end = text.find("*/", start + 2, limit)
        span = text.find(" span=", start, max(end, start))
        # The name in a span comes from the model's author and may hold anything, even "*/".
        while span >= 0 and end >= 0 and not _SPAN_END.search(text, max(end - 24, span), end):
            end = text.find("*/", end + 2, limit)
        if end < 0:
            return "".join(kept)
        if text.startswith(" ty=", start + 2):
            kept.append(f"/*ty={text[start + 6 : span if span >= 0 else end].strip()}*/")
        position = end + 2
    kept.append(text[position:])
    return "".join(kept)


def _split(text: str, until: str | None = None) -> tuple[list[str], int | None]:
    """Splits at commas outside of brackets and strings.

    With `until`, stops at that closing bracket: then the second value is the place behind it.
    """
    items: list[str] = []
    depth = 0
    start = 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in "([{":
            depth += 1
        elif token in ")]}":
            if depth == 0 and token == until:
                items.append(text[start : match.start()])
                return [i.strip() for i in items if i.strip()], match.end()
            depth -= 1
        elif token == "," and depth == 0:
            items.append(text[start : match.start()])
            start = match.end()
    items.append(text[start:])
    return [i.strip() for i in items if i.strip()], None


def _statements(body: str) -> tuple[dict[str, str], str]:
    """The assignments of a function's body, and the expression that it ends in.

    Lines of nested bodies are indented further and are left out.
    """
    assignments: dict[str, str] = {}
    result = ""
    for line in body.split("\n"):
        if line.startswith("}"):
            break
        if not line.startswith("  ") or line[2:3] in ("", " "):
            continue
        left, equals, right = line[2:].partition(" = ")
        if equals and left.startswith("%") and right.endswith(";"):
            assignments[left] = right[:-1].strip()
        else:
            result = line[2:]
    return assignments, result


def _flatten(result: str, assignments: Mapping[str, str]) -> tuple[str, ...]:
    """The expressions of a result, which may be a tuple or name one."""
    if result.startswith("%"):
        result = _without_type(assignments.get(result, result))[0]
    if not (result.startswith("(") and result.endswith(")")):
        return (result,) if result else ()
    return tuple(_without_type(item)[0] for item in _split(result[1:-1])[0])
