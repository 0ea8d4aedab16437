"""Limits, token counts and prices of each model."""
