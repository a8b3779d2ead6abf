"""Backups of the database, and restoring them without bringing back what was erased since."""
