"""Signing in and out, for every portal: django-allauth in our words, with our rules around it."""
