"""What servers really do: handshakes with them, what they serve, and whether they insist on a client's certificate."""
