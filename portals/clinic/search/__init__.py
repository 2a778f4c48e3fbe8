"""The header's search: patients and appointments by what a caller can tell."""
