"""The documentation as a site: what is staged from the tree, for MkDocs to build."""
