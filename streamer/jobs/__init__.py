"""Work that is due at times of the day: what it is, when it is due, and who does it, once."""
