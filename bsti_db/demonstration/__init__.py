"""Demonstration data: synthetic patients, never real ones."""
