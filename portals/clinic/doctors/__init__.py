"""The clinic's doctors, their week read-only, and stopping new bookings."""
