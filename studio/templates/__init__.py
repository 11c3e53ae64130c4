"""Journeys to begin with, as files: `studio/scaffold.py` writes them with a name of one's own."""
