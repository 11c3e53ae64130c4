"""Rows, SQL and migrations: the one layer that knows SQLite."""
