"""Backbones: names for open_clip architectures with the weights they are used with."""
