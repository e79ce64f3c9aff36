"""Questions about observed traffic: what of it would break, and what is allowed without ever being used."""
