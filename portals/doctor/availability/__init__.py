"""The doctor's weekly windows, dates with hours of their own, and time off."""
