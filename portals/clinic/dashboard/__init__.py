"""What needs attention, today's visits and the week in numbers."""
