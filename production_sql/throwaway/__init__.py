"""Servers and databases that are there for a while, for checks and tests."""
