"""A value in, HTML and text out; every escape and every colour is here."""
