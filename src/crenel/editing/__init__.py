"""Edits of the user's own text: what is to change in an object, carried out so that nothing else does."""
