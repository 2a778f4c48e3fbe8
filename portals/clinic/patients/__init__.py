"""The clinic's patients and everything of one of them."""
