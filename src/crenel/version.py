"""The version of Crenel, in its one place."""

VERSION = "0.1.0"
