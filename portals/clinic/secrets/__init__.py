"""Settings, Booking secrets: made, shown again, rotated, revoked; and why tokens were refused."""
