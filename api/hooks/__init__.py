"""Callbacks from providers: what became of an SMS or an e-mail. Each one checks its caller's signature."""
