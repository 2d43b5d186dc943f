"""A board file with every key, from which the tests make wrong ones."""

GOOD = """\
name: my_board
description: A board of somebody's own
platforms: [baremetal]
clock_hz: 48000000
cpu:
  name: cortex-m4
  flags: [-mcpu=cortex-m4, -mthumb, -mfloat-abi=hard, -mfpu=fpv4-sp-d16]
memories:
  - name: FLASH
    origin: 0x08000000
    size: 256K
    use: flash
  - name: RAM
    origin: "0x20000000"
    size: 65536
    use: [ram, flash]
uart:
  driver: cmsdk
  base: 0x40004000
  irq: 7
  baud: 115200
emulator:
  program: qemu-system-arm
  machine: mps2-an386
  args: [-m, 16M]
  icount: 6
flashers: [emulator]
usb_ids:
  - vid: 0x0483
    pid: 0x374B
"""
