"""STAND-IN: a service on this machine that speaks the documented protocol."""
