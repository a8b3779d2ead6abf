"""Looks for what must not be anywhere, everywhere a day may have left it."""
