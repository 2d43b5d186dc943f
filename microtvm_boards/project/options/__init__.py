"""Options: each declared once, parsed and checked."""
