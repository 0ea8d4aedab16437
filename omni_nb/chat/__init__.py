"""Conversation: the façade that a notebook builds on; nothing else."""
