"""A fingerprint of what an environment computes, and how far two of them are apart."""
