"""Several workers when something is wrong: with their collectives, or with one of them."""
