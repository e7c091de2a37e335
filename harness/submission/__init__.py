"""Results handed in: one bundle that holds them, and the checks that it passes as input from a stranger."""
