"""Writes a project, and reads its manifest."""
