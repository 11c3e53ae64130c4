"""Real users' events through two versions of a workflow: who would have gone another way."""
