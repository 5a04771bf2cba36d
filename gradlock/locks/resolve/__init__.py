"""Resolvers: inputs to locks, one module for each kind of package."""
