"""Texts, glyphs, times and lines of cells: how things are written, without a widget."""
