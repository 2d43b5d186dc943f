"""What is in a project of platform zephyr, from its options and its model."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from microtvm_boards.errors import UsageError
from microtvm_boards.mlf import load
from microtvm_boards.platforms.zephyr.kconfig import settings
from microtvm_boards.project import Project
from microtvm_boards.project.needs.libm import libm_calls
from tests.boards.fake_zephyr import make_tree
from tests.conftest import DATA

Make = Callable[..., Project]


@pytest.fixture
def base(tmp_path: Path) -> str:
    return str(make_tree(tmp_path / "zephyrproject", "3.3.0", "rc3"))


def prj_conf(project: Project) -> dict[str, str]:
    lines = (project.directory / "prj.conf").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_it_is_an_ordinary_application(make_project: Make, base: str) -> None:
    project = make_project("foo_c", board="disco_l4", zephyr_base=base)
    for name in ("CMakeLists.txt", "prj.conf", "Kconfig", "west.yml", "testcase.yaml"):
        assert (project.directory / name).is_file()
    manifest = yaml.safe_load((project.directory / "west.yml").read_text())
    assert manifest["manifest"]["projects"][0]["revision"] == "v3.3.0-rc3"
    tests = yaml.safe_load((project.directory / "testcase.yaml").read_text())["tests"]
    assert tests["microtvm.foo.c"]["integration_platforms"] == ["disco_l4"]


def test_twister_waits_for_every_sample_and_only_builds_what_needs_a_host(
    make_project: Make, base: str, tmp_path: Path
) -> None:
    import numpy as np

    samples = tmp_path / "samples.npz"
    inputs = load(DATA / "foo_c.tar").modules[0].inputs
    np.savez(samples, **{t.name: np.zeros((2, *(t.shape or ())), t.dtype) for t in inputs})
    project = make_project("foo_c", board="disco_l4", zephyr_base=base, sample_inputs=str(samples))
    test = yaml.safe_load((project.directory / "testcase.yaml").read_text())["tests"]
    assert test["microtvm.foo.c"]["harness_config"]["regex"] == [
        "mtvm 1 models=1 samples=2",
        *["result 0 0 MTVM_OK"] * 2,
    ]
    packed = make_project(
        "foo_packed", board="disco_l4", zephyr_base=base, model_entrypoint_api="packed"
    )
    test = yaml.safe_load((packed.directory / "testcase.yaml").read_text())["tests"]
    assert test["microtvm.foo.packed"]["build_only"] is True


@pytest.mark.parametrize(
    ("optimization", "setting"),
    [("none", "NO"), ("debug", "DEBUG"), ("size", "SIZE"), ("speed", "SPEED")],
)
def test_optimization_is_zephyrs_own_choice(
    make_project: Make, base: str, optimization: str, setting: str
) -> None:
    project = make_project("foo_c", board="disco_l4", zephyr_base=base, optimization=optimization)
    assert prj_conf(project)[f"CONFIG_{setting}_OPTIMIZATIONS"] == "y"


def test_settings_and_files_of_the_user_come_last(
    make_project: Make, base: str, tmp_path: Path
) -> None:
    conf, overlay = tmp_path / "mine.conf", tmp_path / "mine.overlay"
    conf.write_text("CONFIG_HEAP_MEM_POOL_SIZE=1024\n")
    overlay.write_text("/ { chosen { mtvm,uart = &uart1; }; };\n")
    project = make_project(
        "foo_c",
        board="disco_l4",
        zephyr_base=base,
        config_main_stack_size="2000",
        zephyr_config="CONFIG_TIMESLICING:y CONFIG_FPU=n CONFIG_ASSERT",
        zephyr_conf=str(conf),
        zephyr_overlay=str(overlay),
    )
    found = prj_conf(project)
    assert found["CONFIG_MAIN_STACK_SIZE"] == "2000"
    assert (found["CONFIG_TIMESLICING"], found["CONFIG_FPU"], found["CONFIG_ASSERT"]) == (
        "y",
        "n",
        "y",
    )
    assert found["CONFIG_HEAP_MEM_POOL_SIZE"] == "1024"
    assert (project.directory / "app.overlay").read_text() == overlay.read_text()


@pytest.mark.parametrize(
    "text", ["FPU=y", "CONFIG_", "CONFIG_fpu=y", "=y", "CONFIG_A=y\nCONFIG_B=n"]
)
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="takes Kconfig settings"):
        settings([text])


def test_a_missing_file_of_an_option_is_named(make_project: Make, base: str) -> None:
    with pytest.raises(UsageError, match="zephyr_overlay"):
        make_project("foo_c", board="disco_l4", zephyr_base=base, zephyr_overlay="/nosuch")


def test_libm_is_asked_for_where_the_model_calls_it(make_project: Make, base: str) -> None:
    assert libm_calls(load(DATA / "foo_c.tar"), {}) == ()
    assert libm_calls(load(DATA / "float_c.tar"), {}) == ("expf",)
    extra = {"a.c": b"x = roundf (y); my_expf(z);", "b.txt": b"tanhf(x)"}
    assert libm_calls(load(DATA / "foo_c.tar"), extra) == ("roundf",)
    project = make_project("float_c", board="disco_l4", zephyr_base=base)
    assert prj_conf(project)["CONFIG_MTVM_NEEDS_LIBM"] == "y"


def test_libm_is_found_in_object_files(tmp_path: Path) -> None:
    with tarfile.open(DATA / "objects_arm.tar") as tar:
        names = [name for name in tar.getnames() if name.endswith(".o")]
    assert names
    assert libm_calls(load(DATA / "objects_arm.tar"), {}) == ()


def test_without_zephyr_a_project_can_be_made_that_fetches_it(
    make_project: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("ZEPHYR_BASE", raising=False)
    monkeypatch.chdir(tmp_path)
    project = make_project(
        "foo_packed", board="any_board", platform="zephyr", model_entrypoint_api="packed"
    )
    assert "revision: v3.4.0" in (project.directory / "west.yml").read_text()
    assert project.rpc is not None
    assert project.rpc.packet_bytes == 2048
    assert project.rpc.ring_bytes > 0
    whats = [need.what for need in project.manifest.memory]
    assert any(what.startswith("Zephyr: kernel, drivers, libc, estimated from") for what in whats)
