"""Signing in at the clinic's OpenID Connect provider."""
