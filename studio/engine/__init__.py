"""Runs journeys: drives them, keeps them, tells what has changed."""

from studio.engine.engine import Engine, EngineStatus

__all__ = ["Engine", "EngineStatus"]
