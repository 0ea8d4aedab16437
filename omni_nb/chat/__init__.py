"""Conversation: several turns with one model, which `Chat` shows in a notebook."""
