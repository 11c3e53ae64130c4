"""Speed and memory: `python -m bench` prints a table, `python -m bench.profile` where time goes.

Stands beside the program and its tests: nothing here decides whether they are right,
and numbers depend on the machine that is named above the table.
"""

from studio.engine.work.garbage_collection import own_process

# As the program itself: these processes are there for their engines.
own_process("bench")
