"""Reads object files and linked files."""
