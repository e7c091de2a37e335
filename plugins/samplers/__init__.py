"""Frame samplers and augmentations that ship with the harness."""
