"""Leaderboards: results aggregated once, then shown as Markdown, CSV, JSON and LaTeX."""

from __future__ import annotations

from harness.leaderboard.board.board import Board, aggregate
from harness.leaderboard.render import Papers, load, outline, render, summary, write

__all__ = ["Board", "Papers", "aggregate", "load", "outline", "render", "summary", "write"]
