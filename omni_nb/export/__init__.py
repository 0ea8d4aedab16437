"""EXPORT: a conversation as a page of its own, and as a notebook that asks it again."""
