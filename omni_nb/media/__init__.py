"""Read and validate media, and make them parts of a message."""
