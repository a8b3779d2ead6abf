"""Cameras: a decoder process each, its supervisor, and the mailbox that holds the latest frame."""
