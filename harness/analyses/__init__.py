"""Finished runs, brought back and looked into."""
