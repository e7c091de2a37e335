"""Plugins that ship with the harness; each stands alone and uses only `harness` and its libraries."""
