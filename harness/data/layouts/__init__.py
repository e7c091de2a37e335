"""Find clips and label lists below a root, in the official layout or any that public code uses."""
