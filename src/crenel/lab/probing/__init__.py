"""Packets and what became of them: what is sent, who answers, what is seen, and what the model says to it."""
