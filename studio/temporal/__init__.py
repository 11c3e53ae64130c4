"""The second driver: each user is one Temporal workflow, and the rules are the same (extra `temporal`).

Temporal keeps what is durable, when a deadline comes and where it is carried on; the kernel says what it
means.
"""
