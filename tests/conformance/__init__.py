"""Expected verdicts that others wrote, held against the reference, the library and the command."""
