"""Programs that docs/numerics.md shows, as it shows them, and that tests run."""
