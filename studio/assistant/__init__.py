"""Journeys at the hand of coding assistants: tools by the Model Context Protocol."""
