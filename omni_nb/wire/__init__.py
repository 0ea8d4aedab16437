"""LINE: a checked request out, plain chunks in, events."""
