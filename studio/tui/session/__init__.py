"""What widgets and screens may know of the studio: one object, handed down, and the parts of it."""
