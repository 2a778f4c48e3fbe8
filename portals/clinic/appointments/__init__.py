"""Every visit: the lists, the day, one visit with all that can be done about it."""
