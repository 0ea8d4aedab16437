"""Send a checked request, and decode its answer into events."""
