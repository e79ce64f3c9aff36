"""What is known of network plugins: how to recognise each one, what it enforces, and how its policies select pods."""
