"""Leaderboards as Markdown, LaTeX, CSV, JSON and Parquet."""
