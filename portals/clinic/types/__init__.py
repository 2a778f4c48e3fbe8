"""Appointment types read-only, and the reminder rules that admins edit."""
