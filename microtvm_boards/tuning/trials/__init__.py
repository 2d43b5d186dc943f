"""Kernels tried one after the other: made, built, run, measured, logged."""
