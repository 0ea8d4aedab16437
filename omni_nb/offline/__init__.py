"""The stand-in: a service on this machine with the documented protocol."""
