"""What the tools print, each with the exit status.

Where a comment says "tried", what the real tool printed without hardware. Else composed: the lines
that decide are strings of the tool (OpenOCD 0.12, stlink 1.7, dfu-util 0.11, gdb 13,
west 1.5) or from users' logs, the lines around them only resemble real ones. Of the vendors'
programs, which nobody here has run: vendors_said.
"""

from __future__ import annotations

from microtvm_boards.flashers.failures import Failure
from tests.flashers.said_types import Tool
from tests.flashers.vendors_said import VENDORS_TOOLS

# openocd 0.12.0, tried without hardware
OPENOCD_START = """\
Open On-Chip Debugger 0.12.0
Licensed under GNU GPL v2
For bug reports, read
\thttp://openocd.org/doc/doxygen/bugs.html
Info : The selected transport took over low-level target control. The results might differ.
srst_only separate srst_nogate srst_open_drain connect_deassert_srst

Info : clock speed 2000 kHz
"""
OPENOCD_CONNECTED = (
    OPENOCD_START
    + """\
Info : STLINK V2J29M18 (API v2) VID:PID 0483:374B
Info : Target voltage: 3.261084
Info : [stm32f4x.cpu] Cortex-M4 r0p1 processor detected
** Programming Started **
Info : device id = 0x10006421
Info : flash size = 512 KiB
** Programming Finished **
** Verify Started **
"""
)
# st-flash 1.7.0: strings of its library; the reports are stlink-org/stlink #818 and #1105
ST_FLASH_START = """\
st-flash 1.7.0
2026-01-01T10:00:00 WARN usb.c: NRST is not connected
2026-01-01T10:00:00 INFO common.c: F446: 128 KiB SRAM, 512 KiB flash in at least 128 KiB pages.
file flash.bin md5 checksum: fe4bf5eb73e1a0fc4bfdcf37ff4a651f, stlink checksum: 0x00179d59
2026-01-01T10:00:00 INFO common.c: Attempting to write 1311 (0x51f) bytes to address: 0x8000000
EraseFlash - Sector:0x0 Size:0x4000 2026-01-01T10:00:01 INFO common.c: Flash page at 0x08000000
2026-01-01T10:00:01 INFO flash_loader.c: Successfully loaded flash loader in sram
2026-01-01T10:00:01 INFO common.c: Starting verification of write complete
"""
# dfu-util 0.11, tried without hardware; the rest are strings of the program
DFU_START = """\
dfu-util 0.11

Copyright 2005-2009 Weston Schmidt, Harald Welte and OpenMoko Inc.
Copyright 2010-2021 Tormod Volden and Stefan Schmidt
This program is Free Software and has ABSOLUTELY NO WARRANTY

dfu-util: Warning: Invalid DFU suffix signature
dfu-util: A valid DFU suffix will be required in a future dfu-util release
"""
DFU_OPENED = (
    DFU_START
    + """\
Opening DFU capable USB device...
Device ID 0483:df11
Device DFU version 011a
Claiming USB DFU Interface...
Setting Alternate Interface #0 ...
DFU mode device DFU version 011a
DfuSe interface name: "Internal Flash  "
"""
)
GDB_LOADED = """\
0x08000994 in ?? ()
Loading section .text, size 0x502 lma 0x8000000
Loading section .data, size 0x1b lma 0x8000504
Start address 0x08000994, load size 1309
Transfer rate: 56096 bits in <1 sec, 654 bytes/write.
"""
WEST_START = """\
-- west flash: using runner openocd
-- runners.openocd: Flashing file: zephyr/zephyr.hex
"""

ADDRESS = "0x08000000"

TOOLS: dict[str, Tool] = {
    "openocd": Tool(
        "openocd",
        {"config": "board/st_nucleo_f4.cfg"},
        ((0, OPENOCD_CONNECTED + "** Verified OK **\n** Resetting Target **\nshutdown command\n"),),
        (
            "-f board/st_nucleo_f4.cfg -c adapter serial 0671FF -c "
            "program {firmware.elf} verify reset exit",
        ),
        {
            Failure.NO_PROBE: (
                (
                    1,
                    OPENOCD_START + "Error: open failed\nin procedure 'program' \n"
                    "** OpenOCD init failed **\nshutdown command invoked\n\n",
                ),
            ),
            Failure.WRONG_TARGET: (
                (
                    1,
                    OPENOCD_START + "Info : Target voltage: 3.232848\n"
                    "Warn : UNEXPECTED idcode: 0x2ba01477\nError: expected 1 of 1: 0x1ba01477\n",
                ),
            ),
            Failure.VERIFY: (
                (1, OPENOCD_CONNECTED + "Error: checksum mismatch\n** Verify Failed **\n"),
            ),
            Failure.CONFIG: (
                (1, "embedded:startup.tcl:28: Error: Can't find board/st_nucleo_f4.cfg\n"),
            ),
            Failure.BUSY: ((1, OPENOCD_START + "Error: libusb_claim: LIBUSB_ERROR_BUSY\n"),),
            Failure.PERMISSION: (
                (
                    1,
                    OPENOCD_START + "Error: libusb_open() failed with LIBUSB_ERROR_ACCESS\n"
                    "Error: open failed\n",
                ),
            ),
            Failure.NO_TARGET: (
                (
                    1,
                    OPENOCD_START
                    + "Info : Target voltage: 1.573\nError: target voltage may be too "
                    "low for reliable debugging\nError: init mode failed (unable to connect to the "
                    "target)\n",
                ),
            ),
        },
    ),
    "stflash": Tool(
        "st-flash",
        {"under_reset": True},
        (
            (
                0,
                ST_FLASH_START
                + "2026-01-01 INFO common.c: Flash written and verified! jolly good!\n",
            ),
        ),
        (f"--serial 0671FF --connect-under-reset --reset write flash.bin {ADDRESS}",),
        {
            Failure.NO_PROBE: (
                (
                    255,
                    "st-flash 1.7.0\n"
                    "2026-11-21T14:25:36 WARN usb.c: Couldn't find any ST-Link devices\n",
                ),
            ),
            Failure.WRONG_TARGET: (
                (255, "st-flash 1.7.0\n2026-01-01 WARN common.c: unknown chip id! 0xe0042000\n"),
            ),
            Failure.VERIFY: (
                (
                    255,
                    ST_FLASH_START + "2019-07-23 ERROR common.c: Verification of flash failed at "
                    "offset: 0\nstlink_fwrite_flash() == -1\n",
                ),
            ),
            Failure.BUSY: (
                (
                    255,
                    "st-flash 1.7.0\n2026-01-01 ERROR usb.c: Stlink usb device found, but "
                    "unable to claim (probably already in use?)\n",
                ),
            ),
        },
    ),
    "dfu": Tool(
        "dfu-util",
        {},
        ((0, DFU_OPENED + "Download done.\n"), (0, DFU_OPENED + "Upload done.\n")),
        (
            "--device 0483:df11 --alt 0 --serial 0671FF --dfuse-address "
            f"{ADDRESS} --download flash.bin",
            "--device 0483:df11 --alt 0 --serial 0671FF --dfuse-address "
            f"{ADDRESS}:1311:leave --upload flash.read.bin",
        ),
        {
            Failure.NO_PROBE: (
                (74, DFU_START + "dfu-util: No DFU capable USB device available\n"),
            ),
            Failure.SEVERAL_PROBES: (
                (
                    64,
                    DFU_START
                    + "dfu-util: More than one DFU capable USB device found! Try `--list' "
                    "and specify the serial number or disconnect all but one device\n",
                ),
            ),
            Failure.WRONG_TARGET: (
                (74, DFU_OPENED + "dfu-util: Last page at 0x0800051e is not writeable\n"),
            ),
            Failure.PERMISSION: (
                (
                    74,
                    DFU_START + "dfu-util: Cannot open DFU device 0483:df11 found on devnum 7 "
                    "(LIBUSB_ERROR_ACCESS)\n",
                ),
            ),
        },
        # What is read back is what was written.
        then='case "$*" in *--upload*) cp build/flash.bin build/flash.read.bin;; esac',
    ),
    # gdb 13.1, tried with QEMU
    "gdb": Tool(
        "gdb-multiarch",
        {"server": "localhost:3333"},
        (
            (0, GDB_LOADED + "Section .text, range 0x8000000 -- 0x8000502: matched.\n"),
            (0, "[Inferior 1 (process 1) detached]\n"),
        ),
        (
            "-nx -batch -x flash.load.gdb firmware.elf",
            "-nx -batch -x flash.start.gdb firmware.elf",
        ),
        {
            Failure.NO_SERVER: (
                (
                    1,
                    "flash.load.gdb:4: Error in sourced command file:\n"
                    "localhost:3333: Connection refused.\n",
                ),
            ),
            Failure.WRONG_TARGET: (
                (1, "warning: Architecture rejected target-supplied description\nLoad failed\n"),
            ),
            Failure.VERIFY: (
                (0, GDB_LOADED + "Section .text, range 0x8000000 -- 0x8000502: MIS-MATCHED!\n"),
            ),
        },
    ),
    # west 1.5 with Zephyr 3.4: no probe and no workspace tried
    "west": Tool(
        "west",
        {"runner": "openocd", "arguments": "--config extra.cfg"},
        ((0, WEST_START + OPENOCD_CONNECTED + "** Verified OK **\n"),),
        (
            "flash --build-dir build --skip-rebuild --runner openocd --verify --cmd-pre-init "
            "adapter serial 0671FF --config extra.cfg",
        ),
        {
            Failure.NOT_INSTALLED: (
                (
                    1,
                    WEST_START + "FATAL ERROR: required program openocd not found; install it or "
                    "add its location to PATH\n",
                ),
            ),
            Failure.NO_PROBE: ((1, WEST_START + OPENOCD_START + "Error: open failed\n"),),
            Failure.WRONG_TARGET: (
                (1, WEST_START + OPENOCD_START + "Warn : UNEXPECTED idcode: 0x2ba01477\n"),
            ),
            # verify_image, not `program verify`
            Failure.VERIFY: (
                (
                    1,
                    WEST_START
                    + OPENOCD_START
                    + "Error: checksum mismatch - attempting binary compare\n"
                    "FATAL ERROR: command exited with status 1: /usr/bin/openocd\n",
                ),
            ),
            Failure.CONFIG: (
                (
                    1,
                    "usage: west [-h] [-z ZEPHYR_BASE] [-v] [-V] <command> ...\n"
                    'west: unknown command "flash"; do you need to run this inside a workspace?\n',
                ),
            ),
        },
    ),
    **VENDORS_TOOLS,
}
