"""Reports on a linked firmware: what takes its memory and its stack."""
