"""Figures of merit of a set of predictions."""
