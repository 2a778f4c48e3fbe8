"""Settings, API keys: made, shown once, revoked."""
