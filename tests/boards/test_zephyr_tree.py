"""Which Zephyr is taken, and which of its boards is meant. The trees are small plain files."""

from __future__ import annotations

from pathlib import Path

import pytest

from microtvm_boards.boards import Board, find_board
from microtvm_boards.errors import BoardError, ToolNotFoundError, UsageError
from microtvm_boards.platforms.zephyr.board.section import ZephyrSection
from microtvm_boards.platforms.zephyr.board.tree import (
    find_zephyr,
    look_for_zephyr,
    missing_modules,
    present_modules,
)
from tests.boards.fake_zephyr import make_tree, write


def section(board: Board) -> ZephyrSection:
    found = board.section(ZephyrSection)
    assert found is not None
    return found


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer without a Zephyr: home and working directory are empty."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("ZEPHYR_BASE", raising=False)
    monkeypatch.chdir(home)
    return home


def workspace(parent: Path, config: str = "[manifest]\npath = zephyr\n") -> Path:
    write(parent / ".west/config", config)
    return parent


def test_the_option_wins_over_the_variable_and_that_over_the_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trees = {name: make_tree(tmp_path / name) for name in ("option", "variable", "workspace")}
    inside = workspace(tmp_path / "workspace") / "apps" / "mine"
    inside.mkdir(parents=True)
    monkeypatch.setenv("ZEPHYR_BASE", str(trees["variable"]))
    assert find_zephyr(str(trees["option"]), inside).base == trees["option"]
    assert find_zephyr(None, inside).base == trees["variable"]
    monkeypatch.delenv("ZEPHYR_BASE")
    found = find_zephyr(None, inside)
    assert (found.base, found.workspace) == (trees["workspace"], tmp_path / "workspace")


def test_a_workspace_is_also_found_around_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = make_tree(workspace(tmp_path / "ws"))
    monkeypatch.chdir(tmp_path / "ws")
    assert find_zephyr(None, tmp_path / "elsewhere").base == base


def test_a_workspace_says_where_its_zephyr_is(tmp_path: Path) -> None:
    base = make_tree(tmp_path / "ws" / "deps")
    workspace(tmp_path / "ws", "[manifest]\npath = app\n[zephyr]\nbase = deps/zephyr\n")
    assert find_zephyr(None, tmp_path / "ws" / "app").base == base


def test_a_damaged_workspace_is_no_obstacle(tmp_path: Path, nowhere: Path) -> None:
    workspace(tmp_path / "ws", "no configuration\n")
    usual = make_tree(nowhere / "zephyrproject")
    found = find_zephyr(None, tmp_path / "ws")
    assert (found.base, found.found_by) == (usual, "~/zephyrproject/zephyr")


def test_without_zephyr_three_commands_get_one(tmp_path: Path) -> None:
    assert look_for_zephyr(None, tmp_path) is None
    with pytest.raises(ToolNotFoundError) as caught:
        find_zephyr(None, tmp_path / "project")
    text = str(caught.value)
    for command in ("pip install west", f"west init -l {tmp_path}/project", "west update"):
        assert f"  {command}" in text


@pytest.mark.parametrize("version", ["3.2.0", "3.10.0", "4.0.0", "4.12.1"])
def test_versions_are_compared_as_versions(tmp_path: Path, version: str) -> None:
    assert find_zephyr(str(make_tree(tmp_path, version))).release == version


def test_a_release_candidate_is_called_as_its_tag(tmp_path: Path) -> None:
    assert find_zephyr(str(make_tree(tmp_path, "3.3.0", "rc3"))).release == "3.3.0-rc3"


@pytest.mark.parametrize(
    ("version", "word"), [("2.7.3", "old"), ("3.1.99", "old"), ("5.0.0", "new")]
)
def test_other_versions_are_refused(tmp_path: Path, version: str, word: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_zephyr(str(make_tree(tmp_path, version)))
    assert f"Zephyr {version}" in caught.value.cause
    assert f"is too {word}: 3.2 to 4.x are supported." in caught.value.cause


@pytest.mark.parametrize("text", ["", "VERSION_MAJOR = three\nVERSION_MINOR = 4\nPATCHLEVEL = 0"])
def test_a_tree_without_a_version_is_named(tmp_path: Path, text: str) -> None:
    base = make_tree(tmp_path)
    write(base / "VERSION", text)
    with pytest.raises(UsageError, match="names no version of Zephyr"):
        find_zephyr(str(base))


def test_a_directory_that_is_no_zephyr_is_refused_whoever_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"option zephyr_base names .* no Zephyr tree"):
        find_zephyr(str(tmp_path))
    monkeypatch.setenv("ZEPHYR_BASE", str(tmp_path))
    with pytest.raises(UsageError, match=r"\$ZEPHYR_BASE names"):
        find_zephyr(None)


def test_modules_are_those_of_the_manifest(tmp_path: Path) -> None:
    base = make_tree(tmp_path)
    write(
        base / "submanifests/example.yaml",
        "manifest:\n  projects:\n    - {name: extra, path: modules/extra}\n",
    )
    write(base / "submanifests/broken.yaml", "manifest: [\n")
    tree = find_zephyr(str(base))
    assert present_modules(tree) == (
        tmp_path / "modules/hal/cmsis",
        tmp_path / "modules/hal/nordic",
    )
    assert missing_modules(tree) == ("hal_stm32", "extra")


# Boards


def test_a_board_of_zephyr_needs_no_file_of_ours(tmp_path: Path) -> None:
    board = find_board("disco_l4", None, {"zephyr_base": str(make_tree(tmp_path))})
    assert (board.name, board.platforms) == ("disco_l4", ("zephyr",))
    assert [(m.name, m.size) for m in board.memories] == [("FLASH", 1 << 20), ("RAM", 128 << 10)]
    known = section(board)
    assert (known.board, known.release, known.arch) == (
        "disco_l4",
        "3.4.0",
        "arm",
    )


def test_what_the_project_keeps_is_a_board_file(tmp_path: Path) -> None:
    board = find_board("disco_l4", None, {"zephyr_base": str(make_tree(tmp_path))})
    kept = tmp_path / "board.yaml"
    kept.write_text(board.document)
    again = find_board(str(kept), "zephyr", {"zephyr_base": str(tmp_path / "zephyr")})
    assert section(again) == section(board)


def test_qualifiers_and_revisions_are_zephyrs_business(tmp_path: Path) -> None:
    base = str(make_tree(tmp_path, "4.1.0"))
    board = find_board("duo@0.9.0/nrf1/net", None, {"zephyr_base": base})
    assert (board.name, section(board).board) == ("duo_0.9.0_nrf1_net", "duo@0.9.0/nrf1/net")
    assert (section(board).arch, board.memories[1].size) == ("riscv", 32 << 10)


def test_an_unknown_board_is_answered_from_zephyrs_own_list(tmp_path: Path) -> None:
    base = str(make_tree(tmp_path))
    with pytest.raises(BoardError) as caught:
        find_board("disco_l5", "zephyr", {"zephyr_base": base})
    assert 'There is no board "disco_l5", neither among Zephyr 3.4.0' in caught.value.cause
    assert 'Did you mean "disco_l4"' in caught.value.cause


def test_a_board_of_ours_is_ours_unless_platform_zephyr_is_asked_for(tmp_path: Path) -> None:
    base = make_tree(tmp_path)
    write(base / "scripts/list_boards.py", 'print("arm:")\nprint("  mps2_an386")\n')
    assert find_board("mps2_an386", None, {"zephyr_base": str(base)}).platforms == ("baremetal",)
    assert find_board("mps2_an386", "zephyr", {"zephyr_base": str(base)}).platforms == ("zephyr",)


def test_a_file_of_ours_adds_what_zephyr_does_not_know(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "name: mine\ndescription: Mine\nplatforms: [zephyr]\nflashers: [openocd]\n"
        "usb_ids:\n  - {vid: 0x0483, pid: 0x374b}\nzephyr:\n  board: disco_l4\n"
    )
    board = find_board(str(file), None, {"zephyr_base": str(make_tree(tmp_path))})
    assert section(board).board == "disco_l4"
    assert [(usb.vid, usb.pid) for usb in board.usb_ids] == [(0x0483, 0x374B)]
    assert [choice.name for choice in board.flashers] == ["openocd"]


def test_hosted_is_what_runs_as_a_program_of_this_computer(tmp_path: Path) -> None:
    options = {"zephyr_base": str(make_tree(tmp_path))}
    found = {name: find_board(name, None, options) for name in ("host", "native_posix_64")}
    assert {name: board.hosted for name, board in found.items()} == dict.fromkeys(found, True)
    for name in ("mps2_an386", "disco_l4"):
        assert not find_board(name, None, options).hosted


def test_without_a_tree_sizes_are_unknown_and_the_project_brings_its_zephyr() -> None:
    board = find_board("some_board", "zephyr")
    assert (board.memories, board.hosted) == ((), False)
    assert section(board).release == "3.4.0"


def test_without_a_tree_and_a_platform_a_name_has_to_be_ours() -> None:
    with pytest.raises(BoardError, match='There is no board "some_board"'):
        find_board("some_board")


@pytest.mark.parametrize("name", ["", "a b", "a;b", "../x", "a@/x"])
def test_what_no_board_can_be_called_reaches_no_script(tmp_path: Path, name: str) -> None:
    with pytest.raises(BoardError):
        find_board(name, "zephyr", {"zephyr_base": str(make_tree(tmp_path))})


def test_a_script_that_fails_is_named(tmp_path: Path) -> None:
    base = make_tree(tmp_path)
    write(base / "scripts/list_boards.py", "import no_such_package\n")
    with pytest.raises(BoardError, match=r"can't list Zephyr's boards.*no_such_package"):
        find_board("disco_l4", "zephyr", {"zephyr_base": str(base)})


@pytest.mark.parametrize("size", ["-1", "many", "99999999", "true", "[1]"])
def test_sizes_that_are_none_are_left_out(tmp_path: Path, size: str) -> None:
    base = make_tree(tmp_path)
    text = f"identifier: disco_l4\nname: D\narch: arm\nram: {size}\nflash: 1024\n"
    write(base / "boards/arm/disco_l4/disco_l4.yaml", text)
    assert find_board("disco_l4", None, {"zephyr_base": str(base)}).memories == ()
