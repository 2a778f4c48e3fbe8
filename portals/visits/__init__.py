"""Visits as every portal lists, shows, cancels and moves them: each portal says which are its own."""
