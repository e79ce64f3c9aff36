"""Writes what is missing so that an application is isolated, and proves it before it lands."""
