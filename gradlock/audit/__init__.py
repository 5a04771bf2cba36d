"""Known vulnerabilities of what the locks hold."""
