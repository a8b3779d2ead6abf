"""Encryption of what the database holds about a person, and keyed hashes to find it again."""
