"""The studio in a web browser: one engine here, and a viewer in a process of its own for each tab."""
