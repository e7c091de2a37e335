"""Metrics that came, or changed, after a job was done: computed from its stored predictions."""
