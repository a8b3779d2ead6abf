"""How commands talk to the running service: a socket in the home folder, a line each way."""
