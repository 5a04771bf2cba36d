"""Images: layers and a configuration, held to images.lock."""
