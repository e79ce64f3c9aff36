"""The smallest change that would allow what is denied: proposed, applied, and solved again before anybody sees it."""
