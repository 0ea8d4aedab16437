"""IN: what a person has, made into validated parts of a message."""
