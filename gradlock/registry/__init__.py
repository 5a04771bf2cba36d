"""Registries: where images go by digest, and come from, held to what images.lock says."""
