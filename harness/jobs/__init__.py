"""From one job to one result."""
