"""The timeline as a picture: its lanes, its axis, where each entry stands. Pure."""
