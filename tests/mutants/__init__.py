"""Changes to the code that some test should notice: see `__main__.py`."""
