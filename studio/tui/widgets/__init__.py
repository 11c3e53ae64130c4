"""What screens are put together from, one subject a file."""
