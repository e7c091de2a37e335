"""Printed tables, as studies that run their rows."""
