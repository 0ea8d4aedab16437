"""What each model takes, what it weighs and what it costs."""
