"""Labs that stay up, and commands that run in their pods."""
