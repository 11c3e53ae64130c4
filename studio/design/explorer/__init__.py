"""Every path through a journey: the real function, driven down both outcomes of each wait."""
