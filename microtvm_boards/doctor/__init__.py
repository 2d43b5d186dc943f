"""Looks at this computer and at a board, and says what is wrong and what to do about it."""

from microtvm_boards.doctor.computer import look_at_computer
from microtvm_boards.doctor.detect import Detected, detect
from microtvm_boards.doctor.finding import Finding, State
from microtvm_boards.doctor.project import look_at_project

__all__ = ["Detected", "Finding", "State", "detect", "look_at_computer", "look_at_project"]
