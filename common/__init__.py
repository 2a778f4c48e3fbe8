"""Tools without a domain noun. Imports nothing of ours and holds no models."""
