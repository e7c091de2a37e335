"""Trackers: plugins on the life-cycle hooks, each loaded only when `--trackers` names it."""
