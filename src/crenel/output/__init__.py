"""Reports: one renderer per file, named after what it writes and how; each is a pure function to text or bytes."""
