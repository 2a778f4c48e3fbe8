"""Settings: a doctor's telephone, name, zone, notices, calendar feed, and how the sign-in is protected."""
