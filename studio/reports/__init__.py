"""How journeys do: funnels of what happened, and what would happen to made-up users."""
