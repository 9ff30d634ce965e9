"""Finding teaching cases: facets, words, and the rows they are looked up in."""
