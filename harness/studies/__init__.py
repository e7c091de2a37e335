"""Run a printed table of a paper, and fill it from stored results."""
