"""A test for each check."""
