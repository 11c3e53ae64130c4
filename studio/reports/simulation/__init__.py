"""Made-up users go through workflows: who they are, when they come, and what they do."""
