"""What a cluster is handed to run an image: manifests and a batch script, made as values."""
