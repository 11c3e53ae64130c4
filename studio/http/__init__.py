"""Events by HTTP: a door beside a running engine, for applications in any language."""
