"""What the questions answer."""
