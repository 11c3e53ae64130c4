"""The studio: the face in a terminal. `app.run_studio` opens it; nothing below knows of it."""
