"""Turns of a conversation: replies, stream, history, branches, trim, budget and estimate."""
