"""Simulating glass formers."""
