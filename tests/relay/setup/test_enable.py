"""`tvm.micro` gets what a TVM built with USE_MICRO=OFF lacks, and nothing else."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from microtvm_boards.tvm import enable_micro, export_mlf

tvm = pytest.importorskip("tvm")
pytestmark = pytest.mark.tvm

Python = Callable[..., str]


def built_with_micro() -> bool:
    return bool(tvm.support.libinfo().get("USE_MICRO", "OFF") == "ON")


off_only = pytest.mark.skipif(built_with_micro(), reason="this TVM was built with USE_MICRO=ON")


@pytest.mark.parametrize(
    "before",
    [
        "import microtvm_boards.tvm",
        "import tvm, microtvm_boards.tvm",
        "from microtvm_boards.tvm import enable_micro; enable_micro(); enable_micro()",
    ],
)
def test_tvm_micro_is_importable(python: Python, before: str) -> None:
    code = f"""
{before}
import tvm.micro
from tvm.micro import session
print(callable(tvm.micro.export_model_library_format), session._rpc_connect.__module__)
"""
    connect = "tvm" if built_with_micro() else "microtvm_boards.relay.session.micro_session"
    assert python(code) == f"True {connect}"


@off_only
def test_an_import_that_failed_before_does_no_harm(python: Python) -> None:
    code = """
try:
    import tvm.micro
except ImportError as error:
    print("USE_MICRO" in str(error))
import microtvm_boards.tvm
import tvm.micro
print(tvm.micro.Session.__name__)
"""
    assert python(code) == "True\nSession"


def test_tvmc_has_its_micro_subcommand(python: Python) -> None:
    code = """
import microtvm_boards.tvm
from tvm.driver.tvmc import micro
print(micro.project.__name__)
"""
    assert python(code) == "tvm.micro.project"


def test_tools_still_find_the_source_of_tvm_micro(python: Python) -> None:
    code = """
import microtvm_boards.tvm, inspect, tvm.micro
print(inspect.getsource(tvm.micro).strip() != "", type(tvm.micro.__loader__).__name__)
"""
    assert python(code) == "True SourceFileLoader"


@off_only
def test_the_exported_placeholders_say_that_they_are_placeholders(
    model: tuple[Any, Any], tmp_path: Path
) -> None:
    path = export_mlf(*model, tmp_path / "model.tar")
    with tarfile.open(path) as tar:
        names = [n for n in tar.getnames() if n.startswith(("./runtime/", "./templates/"))]
        texts = [tar.extractfile(name) for name in names]
        assert names == [
            "./runtime/PLACEHOLDER.txt",
            "./templates/crt_config.h.template",
            "./templates/platform.c.template",
        ]
        for text in texts:
            assert text is not None
            content = text.read()
            assert b"Placeholder" in content
            assert b"USE_MICRO=OFF" in content


@off_only
def test_templates_that_tvm_lacks_are_ours(python: Python, tmp_path: Path) -> None:
    """Each sets what its name means; upstream's "crt" is this computer."""
    code = """
import microtvm_boards.tvm
from tvm.micro import build, get_microtvm_template_projects, project
for name in ("crt", "host", "baremetal", "zephyr", "stm32cube"):
    directory = get_microtvm_template_projects(name)
    assert directory == build.get_microtvm_template_projects(name)
    info = project.TemplateProject.from_directory(directory).info()
    options = {option["name"]: option["default"] for option in info["project_options"]}
    print(name, options["board"], options["platform"])
try:
    get_microtvm_template_projects("arduino")
except build.MicroTVMTemplateProjectNotFoundError:
    print("arduino isn't")
"""
    assert python(code, XDG_CACHE_HOME=tmp_path).splitlines() == [
        "crt host None",
        "host host None",
        "baremetal None baremetal",
        "zephyr None zephyr",
        "stm32cube None stm32cube",
        "arduino isn't",
    ]


@off_only
def test_a_name_that_is_no_platform_is_refused_as_before() -> None:
    enable_micro()
    from tvm.micro import get_microtvm_template_projects

    with pytest.raises(ValueError, match="not supported"):
        get_microtvm_template_projects("abacus")


@off_only
def test_directories_for_tvm_are_made_once(python: Python, tmp_path: Path) -> None:
    """In the user's cache; in a temporary place, for this process alone, where that can't be."""
    code = """
import os
from microtvm_boards.tvm import enable_micro
enable_micro()
import tvm.micro
directory = tvm.micro.get_standalone_crt_dir()
child = os.fork()
if child == 0:
    raise SystemExit  # runs the exit handlers
os.waitpid(child, 0)
print(os.listdir(directory), directory, sep=":")
"""
    made = {python(code, XDG_CACHE_HOME=tmp_path / "cache") for _ in range(2)}
    (kept,) = made
    listing, directory = kept.split(":")
    assert listing == "['PLACEHOLDER.txt']"
    assert Path(directory).is_relative_to(tmp_path / "cache")

    (tmp_path / "file").write_text("no directory")
    listing, directory = python(code, XDG_CACHE_HOME=tmp_path / "file").split(":")
    assert listing == "['PLACEHOLDER.txt']"
    assert not Path(directory).exists()


def test_nothing_changes_on_a_tvm_that_has_its_own(python: Python, tmp_path: Path) -> None:
    """TVM looks beside its library: this one has the directories that USE_MICRO=ON puts there."""
    from tvm._ffi import libinfo

    own = tmp_path / "own"
    (own / "standalone_crt" / "include").mkdir(parents=True)
    (own / "microtvm_template_projects" / "crt" / "templates").mkdir(parents=True)
    for library in libinfo.find_lib_path():
        link = own / Path(library).name
        if not link.exists():
            link.symlink_to(library)
    code = """
import json
import tvm
from microtvm_boards.tvm import enable_micro

@tvm.register_func("micro._rpc_connect")
def own_rpc_connect(*arguments):
    return "own session"

import tvm.micro
from tvm.micro import build, model_library_format

def state():
    return [
        tvm.get_global_func("micro._rpc_connect")(),
        tvm.micro.session._rpc_connect(),
        build.get_standalone_crt_dir(),
        *(id(m.get_microtvm_template_projects) for m in (tvm.micro, build, model_library_format)),
        build.get_microtvm_template_projects("crt"),
    ]

before = state()
enable_micro()
print(json.dumps([before, state()]))
"""
    before, after = json.loads(python(code, TVM_LIBRARY_PATH=own))
    assert after == before
    assert before[:3] == ["own session", "own session", str(own / "standalone_crt")]
    assert before[-1] == str(own / "microtvm_template_projects" / "crt")
