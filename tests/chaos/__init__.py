"""Broken on purpose: web, workers and beats under load, while programs, servers and receivers are taken from them.

`make chaos` runs it; it is no part of `make test`. The faults are in `faults`, what must hold after each in `truths`.
"""
