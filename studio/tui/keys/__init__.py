"""What can be done here, by a key or by name: the clock, the commands, keys typed ahead."""
