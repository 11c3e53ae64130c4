"""What tests have gone of a workflow: the ways of its map, and the paths of the explorer.

A journey that a test had is driven once more through what is recorded of it (`recorded_journeys`), and the
lines and commands that it comes by are followed on the map (`map_walk`). `kept` is the file between
pytest and the designer.
"""
