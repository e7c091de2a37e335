"""Methods, each a folder with its spec in `__init__.py` and its network in `model.py`."""
