"""New plugins: what `harness new` writes."""
