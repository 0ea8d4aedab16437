"""Render values as HTML and text; every escape and every colour is here."""
