"""The doctor portal at /doctor/: what one doctor sees and does, about nobody's visits but their own."""
