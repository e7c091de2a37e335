"""Synthetic faces that do what real ones do, and replicas of datasets made of them; no dataset is named."""
