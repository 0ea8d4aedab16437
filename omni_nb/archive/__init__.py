"""REST: a conversation as a JSON file, with its media beside it by content hash."""
