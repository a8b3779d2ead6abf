"""Live video for browsers: WHEP sessions, and what is sent through them (`docs/design/0024`)."""
