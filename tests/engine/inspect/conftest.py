"""What is traced here can be traced only where nothing blocks that another test gave up."""

from tests.given_up import nothing_blocks

__all__ = ["nothing_blocks"]
