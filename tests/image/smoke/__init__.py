"""Does this image hold what its lock says, and does it work?"""
