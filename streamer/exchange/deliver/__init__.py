"""Brings a report to a folder, a mailbox or a server; each says what went wrong, no secrets."""
