"""Inputs that are wrong, as a table by kind: what is put in, what has to be said, and how the command has to end.

`tests/test_hostile.py` takes a few of each kind; `benchmarks/faults.py` takes all and keeps the counts.
"""
