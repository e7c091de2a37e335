"""The cache of the frozen encoder: views, shards, encoding."""
