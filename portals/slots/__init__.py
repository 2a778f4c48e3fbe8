"""Choosing a free time, for every page that books: rebook, book again, book for a patient."""
