"""Applications with an engine inside, each one command in a checkout: `python -m examples.fastapi_app`."""
