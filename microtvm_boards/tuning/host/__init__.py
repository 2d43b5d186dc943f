"""Firmware that takes kernels: how it is made, and how a kernel gets into it."""
