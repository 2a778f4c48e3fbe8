"""What a doctor sets about themselves, and the private calendar feed."""
