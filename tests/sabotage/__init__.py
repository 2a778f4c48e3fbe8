"""Sabotage: takes each guard away in turn, in a copy of the tree, and shows that the suite goes red.

`make sabotage` runs it. The tables of guards are `booking`, `sending` and `fences`; it is no part of `make test`,
which only checks that the tables still fit the source (`tests/test_sabotage.py`).
"""
