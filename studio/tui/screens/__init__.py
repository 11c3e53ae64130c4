"""Whole screens. Each is put together from widgets and holds no formatting of its own."""
