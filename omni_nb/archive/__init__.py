"""Save, load and export a conversation: JSON, notebook or page, with its media."""
