"""Whether stored jobs give the same predictions when they are run again: draw some, run them, compare."""
