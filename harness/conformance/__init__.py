"""Whether a method keeps the contract, found out on a handful of tiny clips: what `harness conform` runs."""
