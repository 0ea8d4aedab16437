"""What was said: replies, their stream, history, branches, trim, budget and estimate."""
