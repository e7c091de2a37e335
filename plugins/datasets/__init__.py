"""Datasets in their official layouts, each a folder with its reader and the writer of its synthetic replica."""
