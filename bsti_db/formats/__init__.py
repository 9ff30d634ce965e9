"""How dates are written, everywhere."""
