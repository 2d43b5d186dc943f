"""Decides everything about a project, before anything is written."""
