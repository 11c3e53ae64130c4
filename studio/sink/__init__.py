"""Turns of users that are carried on elsewhere, taken into one store that all commands and screens read."""
