"""The machine: files, processes, leases, signals, device, seeds."""
