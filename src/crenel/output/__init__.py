"""Reports: one renderer per file, named after what it writes and how. A renderer is a pure function to text or bytes."""
