"""The signed-in person's own settings."""
