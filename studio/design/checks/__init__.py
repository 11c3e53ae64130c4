"""What in a workflow will go wrong, seen from its source."""
