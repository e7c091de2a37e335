"""A static site of a leaderboard: no server, no network, the same from a disk and from GitHub Pages."""

from __future__ import annotations

from harness.leaderboard.site.publish import publish

__all__ = ["publish"]
