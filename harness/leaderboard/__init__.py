"""Leaderboards: results aggregated once, then shown as Markdown, CSV and JSON."""

from __future__ import annotations

from harness.leaderboard.aggregate import Board, aggregate
from harness.leaderboard.render import load, render, summary, write

__all__ = ["Board", "aggregate", "load", "render", "summary", "write"]
