"""Many questions at once: rows, their journal on disk, the pace, and the run that asks them."""
