from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from microtvm_boards.boards import (
    Board,
    FlasherChoice,
    Memory,
    Uart,
    UsbId,
    board_names,
    load_board,
)
from microtvm_boards.boards.check import _schema
from microtvm_boards.errors import BoardError
from tests.boards.good import GOOD


def mistake_in(path: Path, text: str | bytes) -> str:
    """What the user reads about `text`, with the file's name cut to board.yaml."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(BoardError) as caught:
        load_board(str(path))
    return str(caught.value).replace(str(path), "board.yaml")


# Shipped boards


@pytest.mark.parametrize("name", board_names())
def test_every_shipped_board_loads_by_its_name(name: str) -> None:
    board = load_board(name)
    assert board.name == name == board.source.stem
    assert board.description


@pytest.mark.parametrize("name", board_names())
def test_flags_of_a_shipped_board_select_its_core(name: str) -> None:
    cpu = load_board(name).cpu
    if cpu.name:
        assert {f"-mcpu={cpu.name}", "-mthumb"} <= set(cpu.flags)


def test_boards_for_every_cortex_m_profile_and_the_host_are_shipped() -> None:
    cores = {load_board(name).cpu.name for name in board_names()}
    assert cores >= {"", *(f"cortex-m{n}" for n in (0, 3, 4, 7, 33, 55))}


def test_the_main_ram_comes_before_the_slow_one() -> None:
    ram = load_board("mps2_an386").memory_for("ram")
    assert ram == Memory("RAM", 0x20000000, 4 << 20, ("ram",))


def test_the_host_has_no_limits() -> None:
    board = load_board("host")
    assert (board.memories, board.uart, board.emulator) == ((), None, None)
    assert board.memory_for("ram") is None


def test_listing_boards_imports_neither_yaml_nor_jsonschema() -> None:
    code = (
        "import sys; from microtvm_boards.boards import board_names; print(len(board_names()));"
        "sys.exit(bool({'yaml', 'jsonschema'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, int(done.stdout)) == (0, len(board_names()))


def test_the_schema_is_a_schema_and_explains_every_part() -> None:
    Draft202012Validator.check_schema(_schema())

    def undescribed(schema: object, where: str) -> list[str]:
        if not isinstance(schema, dict):
            return []
        parts = {f"{where}.{k}": v for k, v in schema.get("properties", {}).items()}
        if "items" in schema:
            parts[f"{where}[]"] = schema["items"]
        missing = [w for w, s in parts.items() if not {"description", "$ref"} & s.keys()]
        return missing + [m for w, s in parts.items() for m in undescribed(s, w)]

    assert undescribed(_schema(), "") == []


# A user's own file


def test_a_file_of_ones_own_is_read_from_a_path(board_file: Path) -> None:
    board_file.write_text(GOOD)
    board = load_board(str(board_file))
    assert board.source == board_file
    assert board.memories == (
        Memory("FLASH", 0x08000000, 256 * 1024, ("flash",)),
        Memory("RAM", 0x20000000, 64 * 1024, ("ram", "flash")),
    )
    assert board.uart == Uart("cmsdk", 0x40004000, 7, 115200)
    assert board.usb_ids == (UsbId(0x0483, 0x374B),)
    assert board.emulator is not None
    assert board.emulator.args == ("-m", "16M")


def test_a_path_may_be_relative_or_start_at_home(
    board_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board_file.write_text(GOOD)
    monkeypatch.chdir(board_file.parent)
    monkeypatch.setenv("HOME", str(board_file.parent))
    for path in ("board.yaml", "./board.yaml", "~/board.yaml"):
        assert load_board(path).source == board_file


def test_a_text_with_a_slash_is_a_path_whatever_it_ends_in(tmp_path: Path) -> None:
    (tmp_path / "board.txt").write_text(GOOD)
    assert load_board(f"{tmp_path}/board.txt").name == "my_board"


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("1", 1), ("4K", 4096), ('"4M"', 4 << 20), ("0x10", 16), ('"0x10"', 16), ("0", None),
        ("4k", None), ("1.5K", None), ("010", None), ("-1", None), ("4 K", None), ("G", None),
    ],
)  # fmt: skip
def test_sizes_are_whole_numbers_in_decimal_or_hex_or_with_a_suffix(
    board_file: Path, written: str, size: int | None
) -> None:
    text = GOOD.replace("256K", written)
    if size is None:
        assert "board.yaml:11: memories[0].size: expected" in mistake_in(board_file, text)
    else:
        board_file.write_text(text)
        assert load_board(str(board_file)).memories[0].size == size


def test_a_description_may_be_folded_over_several_lines(board_file: Path) -> None:
    board_file.write_text(GOOD.replace("A board of", ">\n  A board\n  of"))
    assert load_board(str(board_file)).description == "A board of somebody's own"


# Mistakes: which file, which line, which key, what was expected, what was found


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("clock_hz", "clockhz", "4: clockhz: there is no such key. Did you mean \"clock_hz\"?"),
        ("    use: flash\n", "", "9: memories[0].use: expected flash, ram, or a list of both; "
         "found no such key."),
        ("irq: 7", "irq: seven", '20: uart.irq: expected the number of the receive interrupt, '
         '0 to 479; found "seven".'),
        ("irq: 7", "irq: 480", "20: uart.irq: expected the number of the receive interrupt, "
         "0 to 479; found 480."),
        ("irq: 7", "irq: yes", '20: uart.irq: expected the number of the receive interrupt, '
         '0 to 479; found "yes".'),
        ("0x08000000", "flash", "10: memories[0].origin: expected the first address, e.g. "
         '0x20000000; found "flash".'),
        ("0x0483", "0403", "29: usb_ids[0].vid: expected a number of four hex digits with 0x "
         'before it, e.g. 0x0483; found "0403".'),
        ("use: flash", "use: rom", "12: memories[0].use: expected flash, ram, or a list of both; "
         'found "rom".'),
        ("[baremetal]", "baremetal", "3: platforms: expected a list of different platforms, the "
         'default first, e.g. [baremetal]; found "baremetal".'),
        ("[baremetal]", "[]", "3: platforms: expected a list of different platforms, the default "
         "first, e.g. [baremetal]; found []."),
        ("48000000", "", "4: clock_hz: expected the processor's clock in Hz, a whole number; "
         "found nothing."),
        ("-mthumb", '"-mthumb; rm"', "7: cpu.flags[1]: expected a compiler flag, e.g. -mthumb; "
         'found "-mthumb; rm".'),
        ("name: RAM", "name: 2ND", "13: memories[1].name: expected a name for the linker: letters, "
         "digits and '_', e.g. RAM; found \"2ND\"."),
        ("name: RAM", "name: FLASH", '13: memories[1].name: "FLASH" is already the name of '
         "another memory."),
        ('"0x20000000"', "0x08020000", "14: memories[1].origin: RAM starts at 0x8020000, but "
         "FLASH lies at 0x8000000 to 0x803ffff."),
        ("size: 65536", "size: 4G", "15: memories[1].size: the memory ends at 0x120000000, "
         "beyond 32 bits."),
        ("size: 65536", "size: 0x0", "15: memories[1].size: expected at least 1 byte; found 0."),
        ("0x40004000", "9G", "19: uart.base: expected an address of 32 bits."),
        ("    use: flash\n", "    use: ram\n", None),
        ("use: [ram, flash]", "use: [ram, rom]", '16: memories[1].use: expected flash, ram, or a '
         'list of both; found ["ram", "rom"].'),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_line_key_and_both_values(
    board_file: Path, old: str, new: str, message: str | None
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if message is None:
        board_file.write_text(text)
        load_board(str(board_file))
    else:
        assert mistake_in(board_file, text) == f"board.yaml:{message}"


def without(section: str) -> str:
    lines = GOOD.splitlines(keepends=True)
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{section}:"))
    end = next(i for i in range(start + 1, len(lines)) if not lines[i].startswith(" "))
    return "".join(lines[:start] + lines[end:])


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("cpu", "cpu: platform baremetal needs the core: cpu with name and flags."),
        ("uart", "uart: platform baremetal needs a uart with driver, base and baud."),
        ("memories", 'memories: platform baremetal needs a memory with "use: flash".\n'
         '  board.yaml:1: memories: platform baremetal needs a memory with "use: ram".'),
    ],
)  # fmt: skip
def test_bare_metal_needs_core_uart_flash_and_ram(
    board_file: Path, section: str, message: str
) -> None:
    assert mistake_in(board_file, without(section)) == f"board.yaml:1: {message}"
    board_file.write_text(without(section).replace("baremetal", "host"))
    assert isinstance(load_board(str(board_file)), Board)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(board_file: Path) -> None:
    text = GOOD.replace("name: my_board\n", "").replace("baud: 115200", "bauds: 115200")
    assert mistake_in(board_file, text).splitlines() == [
        "board.yaml:1: name: expected a name of letters, digits, '.', '_' and '-', 64 characters "
        "at most; found no such key.",
        "  board.yaml:16: uart.baud: expected bits per second, e.g. 115200; found no such key.",
        '  board.yaml:20: uart.bauds: there is no such key. Did you mean "baud" or "base"?',
    ]


def test_a_flood_of_mistakes_is_cut(board_file: Path) -> None:
    text = GOOD + "".join(f"key{i}: 1\n" for i in range(100))
    lines = mistake_in(board_file, text).splitlines()
    assert len(lines) == 11
    assert lines[-1] == "  and 90 more"


def test_a_long_wrong_value_is_cut(board_file: Path) -> None:
    assert len(mistake_in(board_file, GOOD.replace("115200", "9" * 5000))) < 200


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: expected a mapping with the keys of a board; found nothing."),
        ("- a\n- b\n", '1: expected a mapping with the keys of a board; found ["a", "b"].'),
        ("name: a\nname: b\n", '2: key "name" was given before, in line 1.'),
        ("uart:\n  irq: 1\n  irq: 2\n", '3: key "uart.irq" was given before, in line 2.'),
        ("uart:\n\tirq: 1\n", "2: there is a tab; YAML is indented with blanks."),
        ("name: 'a\n", "2: not YAML (found unexpected end of stream, "
         "while scanning a quoted scalar)."),
        ("a: 1\nb: {c\n", "3: not YAML (expected ',' or '}', but got '<stream end>', "
         "while parsing a flow mapping)."),
        ("a: &x [1]\nb: *x\n", "1: anchors (&) and aliases (*) are not allowed."),
        ("a: !!python/object/apply:os.getcwd []\n", "1: tags "
         "(tag:yaml.org,2002:python/object/apply:os.getcwd) are not allowed."),
        ("a: 1\n---\nb: 2\n", "2: not YAML (but found another document, "
         "expected a single document in the stream)."),
        ("? [a]\n: b\n", "1: a key is a plain word, not a list or mapping."),
        ("a:\n  - b: " + "[" * 40, "2: nested deeper than 16 levels."),
        ("a: 1\nb: \x07\n", "2: character 0x7 is not allowed."),
        ('a: "\\a"\n', "1: '\\x07' has a character that can't be shown."),
        (b"name: caf\xe9\n", "1: expected UTF-8, found byte 0xe9."),
        (b"\xff\xfen\0a\0", "1: expected UTF-8, found byte 0xff."),
    ],
)  # fmt: skip
def test_what_is_no_plain_yaml_mapping_is_refused_with_its_line(
    board_file: Path, text: str | bytes, message: str
) -> None:
    assert mistake_in(board_file, text) == f"board.yaml:{message}"


def test_a_billion_laughs_are_refused_at_the_first(board_file: Path) -> None:
    bomb = "a0: &a0 [lol]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 30)
    )
    assert "anchors" in mistake_in(board_file, bomb)


def test_a_big_file_is_refused_unread(board_file: Path) -> None:
    assert "bigger than" in mistake_in(board_file, GOOD + "#" * (1 << 20))


# Boards that aren't there


def test_an_unknown_name_suggests_the_nearest_and_how_to_list() -> None:
    with pytest.raises(BoardError) as caught:
        load_board("mps2-an386")
    assert 'There is no board "mps2-an386". Did you mean "mps2_an386"' in str(caught.value)
    assert caught.value.hint == "microtvm-boards boards list"


@pytest.mark.parametrize("name", ["", ".", "..", "board.schema", "host.yam", "HOST"])
def test_other_texts_are_no_names(name: str) -> None:
    with pytest.raises(BoardError, match="There is no board"):
        load_board(name)


def test_a_path_without_a_file_a_directory_and_a_device_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    os.mkfifo(tmp_path / "fifo.yaml")
    for path in ("none.yaml", ".", "loop.yaml", "fifo.yaml", "nul\0.yaml", "x" * 5000 + ".yaml"):
        with pytest.raises(BoardError):
            load_board(f"{tmp_path}/{path}")
    with pytest.raises(BoardError):
        load_board("~nobody-of-this-name/board.yaml")


@pytest.mark.tools
@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(board_file: Path) -> None:
    board_file.write_text(GOOD)
    board_file.chmod(0)
    with pytest.raises(BoardError, match="can't be read"):
        load_board(str(board_file))


# Flashers


def test_a_flasher_is_a_name_or_a_name_with_settings(board_file: Path) -> None:
    listed = (
        "flashers: [emulator, {name: openocd, config: a.cfg}, {name: stflash, under_reset: true}]"
    )
    board_file.write_text(GOOD.replace("flashers: [emulator]", listed))
    assert load_board(str(board_file)).flashers == (
        FlasherChoice("emulator"),
        FlasherChoice("openocd", {"config": "a.cfg"}),
        FlasherChoice("stflash", {"under_reset": True}),
    )
    hash(load_board(str(board_file)))


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ("[{config: a.cfg}]", "flashers[0].name: expected a name of small letters"),
        ("[{name: openocd, config: [a]}]", "flashers[0].config: expected a text, a whole number"),
        ("[{name: Open OCD}]", "flashers[0].name: expected a name of small letters"),
        ("[4]", "flashers[0]: expected a flasher's name, or a mapping with its name and settings"),
        ("[openocd, {name: openocd}]", 'flashers[1]: the flasher "openocd" is named twice.'),
    ],
)
def test_a_wrong_flasher_is_explained(board_file: Path, listed: str, expected: str) -> None:
    text = mistake_in(board_file, GOOD.replace("[emulator]", listed))
    assert text.startswith(f"board.yaml:27: {expected}")
