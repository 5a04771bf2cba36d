"""Training on several workers: what they compute together is what one process computes."""
