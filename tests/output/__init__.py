"""What the renderers write."""
