"""The database engine of the settings: see `base`."""
