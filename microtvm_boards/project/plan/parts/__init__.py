"""Which files of template_project each part of the firmware has: every file is named, none is found
by looking into a folder. tests/project/test_parts.py compares the lists with the folders."""
