"""The image holds what its lock says, and it works."""
