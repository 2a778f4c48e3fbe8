"""Notification subscriptions and their delivery log."""
