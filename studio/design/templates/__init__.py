"""Journeys to begin with, as files: `studio/design/scaffold.py` writes them with a name of one's own."""

TEMPLATES = ("welcome", "onboarding", "trial", "cart", "winback", "digest")
