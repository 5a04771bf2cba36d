"""The Docker Engine: found or started, and what is loaded into it."""
