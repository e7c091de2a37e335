"""From a clip on disk to a tensor: pick frames, decode, augment, stack."""
