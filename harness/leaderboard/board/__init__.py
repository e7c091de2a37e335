"""The numbers of leaderboards: rows, tests, comparisons with papers."""
