"""Intervals and paired tests on arrays of outcomes: no files, no tables."""
