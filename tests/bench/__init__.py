"""Measurements, printed and not judged: `make bench`."""
