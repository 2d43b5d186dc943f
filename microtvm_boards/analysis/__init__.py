"""Looks into a model on a device, operator by operator: profile and validate."""
