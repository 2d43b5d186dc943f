"""docs/options.md is what the options declare."""

from __future__ import annotations

import importlib.util

from microtvm_boards.project.options.known import known_options
from tests.docs.test_docs import ROOT

SCRIPT = ROOT / "scripts" / "options_md.py"
PAGE = ROOT / "docs" / "options.md"


def test_the_page_is_as_the_options_declare() -> None:
    spec = importlib.util.spec_from_file_location("options_md", SCRIPT)
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert PAGE.read_text() == script.options_md(), "run .venv/bin/python scripts/options_md.py"


def test_every_option_is_in_the_page_once() -> None:
    text = PAGE.read_text()
    for name in known_options().specs:
        assert text.count(f"\n| `{name}`") == 1, name
