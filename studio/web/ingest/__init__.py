"""Events by HTTP: a server beside a running engine, for applications in any language."""
