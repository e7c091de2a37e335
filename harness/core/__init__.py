"""The nouns: plain data, options and errors. No torch, no pandas."""
