"""Images of the channel conda-forge, from real packages that are built here."""
