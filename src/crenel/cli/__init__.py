"""The command line: one command per file, thin: parse, ask, render, exit."""
