"""The doctor's own visits: the list, the week, one visit with all that can be done about it."""
