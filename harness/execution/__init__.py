"""From a plan to results: workers, claims, executors."""
