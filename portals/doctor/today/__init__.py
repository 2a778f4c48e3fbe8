"""Today: who comes next and the way in, the day's visits, and what happened to others."""
