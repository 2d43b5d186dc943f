"""Byte streams with deadlines: to a program, an emulator, a serial port."""
