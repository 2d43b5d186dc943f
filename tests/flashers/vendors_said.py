"""What the vendors' programs print. Nobody here has run them: the lines that decide are from their
users' transcripts, those around them only resemble real ones."""

from __future__ import annotations

from microtvm_boards.flashers.failures import Failure
from tests.flashers.said_types import Tool

# STM32CubeProgrammer: reports in ST's community (versions 2.8 to 2.18)
CUBE_START = """\
      -------------------------------------------------------------------
                        STM32CubeProgrammer v2.13.0
      -------------------------------------------------------------------
"""
CUBE_CONNECTED = (
    CUBE_START
    + """\
ST-LINK SN  : 066AFF485550755187253829
ST-LINK FW  : V2J37M26
Board       : NUCLEO-F446RE
Voltage     : 3.25V
SWD freq    : 4000 KHz
Connect mode: Normal
Reset mode  : Software reset
Device ID   : 0x421
Revision ID : Rev A
Device name : STM32F446xx
"""
)
CUBE_WRITTEN = (
    CUBE_CONNECTED
    + """\
Memory Programming ...
Opening and parsing file: firmware.elf
  File          : firmware.elf
  Size          : 1.28 KB
  Address       : 0x08000000
Erasing memory corresponding to segment 0:
Download in Progress:
██████████████████████████████████████████████████ 100%
File download complete
Verifying ...
Read progress:
██████████████████████████████████████████████████ 100%
"""
)
# J-Link Commander: logs of its users; no connection: zephyrproject-rtos/zephyr #38595
JLINK_START = """\
SEGGER J-Link Commander V7.86e (Compiled Mar 22 2023 16:27:49)
DLL version V7.86e, compiled Mar 22 2023 16:27:33
J-Link Command File read successfully.
Processing script file...
J-Link Commander will now exit on Error
J-Link connection not established yet but required for command.
"""
JLINK_CONNECTED = (
    JLINK_START
    + """\
Connecting to J-Link via USB...O.K.
VTref=3.314V
Target connection not established yet but required for command.
Device "STM32F446RE" selected.
Connecting to target via SWD
AP[0]: Core found
Found Cortex-M4 r0p1, Little endian.
"""
)
# `verifybin`, as many transcripts have it
JLINK_COMPARED = """\
Loading binary file flash.bin
Reading 1311 bytes data from target memory @ 0x08000000.
"""

VENDORS_TOOLS: dict[str, Tool] = {
    "stm32cubeprogrammer": Tool(
        "STM32_Programmer_CLI",
        {"device_id": "0x421", "mode": "UR"},
        ((0, CUBE_CONNECTED), (0, CUBE_WRITTEN + "Download verified successfully \n")),
        (
            "-c port=SWD sn=0671FF mode=UR",
            "-c port=SWD sn=0671FF mode=UR -w firmware.elf -v -rst",
        ),
        {
            # 2.17: stm32duino/Arduino_Core_STM32 #2466
            Failure.NO_PROBE: ((1, CUBE_START + "Error: No debug probe detected.\n"),),
            # While a gdb server has the probe
            Failure.BUSY: ((1, CUBE_START + "Error: ST-LINK error (DEV_CONNECT_ERR)\n"),),
            Failure.WRONG_TARGET: ((0, CUBE_CONNECTED.replace("0x421", "0x447")),),
            Failure.NO_TARGET: (
                (1, CUBE_START + "ST-LINK SN  : 0673\nError: No STM32 target found!\n"),
            ),
            Failure.VERIFY: (
                (0, CUBE_CONNECTED),
                (
                    1,
                    CUBE_WRITTEN + "Error: Data mismatch found at address 0x08000000 "
                    "(byte = 0xFF instead of 0x00)\nError: Download verification failed\n",
                ),
            ),
            # Seen with 2.13: an error, then success, and status 0
            Failure.PROTECTED: (
                (0, CUBE_CONNECTED),
                (
                    0,
                    CUBE_CONNECTED + "Error: Failed to download data! If it's a Flash memory, it "
                    "may be not erased or protected\nDownload verified successfully\n",
                ),
            ),
        },
    ),
    "jlink": Tool(
        "JLinkExe",
        {"device": "STM32F446RE"},
        (
            (
                0,
                JLINK_CONNECTED
                + JLINK_COMPARED
                + "Verify successful.\nScript processing completed.\n",
            ),
        ),
        (
            "-NoGui 1 -ExitOnError 1 -SelectEmuBySN 0671FF -Device STM32F446RE -If SWD -Speed 4000 "
            "-AutoConnect 1 -CommandFile flash.jlink",
        ),
        {
            # 7.62 to 8.24; newer ones: "Cannot connect to the probe/programmer."
            Failure.NO_PROBE: (
                (
                    0,
                    JLINK_START
                    + "Connecting to J-Link via USB...FAILED: Cannot connect to J-Link.\n",
                ),
            ),
            Failure.NO_TARGET: (
                (
                    0,
                    JLINK_START + 'Device "STM32F446RE" selected.\nConnecting to target via SWD\n'
                    "Cannot connect to target.\nWriting failed.\nScript processing completed.\n",
                ),
            ),
            # It goes on with another device.
            Failure.UNKNOWN_TARGET: (
                (
                    0,
                    JLINK_START + 'The selected device "STM32F446" is unknown to this software '
                    'version.\nDevice "CORTEX-M4" selected.\n',
                ),
            ),
            # A warning, community.nxp.com 1195809: it goes on, and a comparison may succeed.
            Failure.WRONG_TARGET: (
                (
                    0,
                    JLINK_CONNECTED + "WARNING: Identified core does not match configuration. "
                    "(Found: Cortex-M0, Configured: Cortex-M4)\n" + JLINK_COMPARED + "Verify "
                    "successful.\nScript processing completed.\n",
                ),
            ),
            Failure.VERIFY: (
                (
                    0,
                    JLINK_CONNECTED + JLINK_COMPARED + "Verify failed @ address 0x08000003.\n"
                    "Expected 03 read FF\n",
                ),
            ),
            # community.nxp.com 1797818
            Failure.PROTECTED: (
                (
                    0,
                    JLINK_START + "InitTarget()\nReadout protection is set and mass erase is "
                    "disabled. J-Link cannot unprotect the device.\nCannot connect to target.\n",
                ),
            ),
        },
    ),
}
