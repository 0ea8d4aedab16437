"""How quick and how small: ratios, each against a baseline run beside it. `make bench` prints them.

One module per benchmark; `run` of each returns rows of the table. Nothing here fails on a slow
machine: a ratio is to be read, only a crash is an error, and in the soak a count that grows.
"""
