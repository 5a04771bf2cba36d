"""Proof: what an image is made of and by whom, who has built it again, and what has passed in it.

All of it is said beside an image in a registry, about its digest. It is believed for its
content where that can be checked here, and else for its signatures, by a policy that names keys.
"""
