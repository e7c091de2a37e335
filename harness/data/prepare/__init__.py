"""From raw videos to aligned face crops: find clips, detect, track, align, write, and keep an index."""
