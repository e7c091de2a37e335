"""From a request to jobs."""
