"""RULES: what each model accepts, how its tokens are counted and what they cost."""
