"""Where conda packages come from: conda-forge's shipped snapshot, and the channel `debian`."""
