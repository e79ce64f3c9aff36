"""Policies that allow what is needed and nothing else, written so that a person can read them, and proved."""
