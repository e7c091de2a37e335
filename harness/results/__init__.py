"""One result on disk: written, read and summarised; the store; provenance."""
