"""Binder without Docker: the image's steps in a fresh environment, a hub's proxy, a browser."""
