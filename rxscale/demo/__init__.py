"""The demo: a believable clinic, dated relative to now, and one supervisor that runs the whole system."""
