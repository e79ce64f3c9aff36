"""One file per API: each translates its objects into the neutral network."""
