"""The repository's notebooks, run top to bottom in this image, with nothing from outside."""
