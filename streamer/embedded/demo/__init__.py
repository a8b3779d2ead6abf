"""A lobby that composes itself, and the whole of Kirdi on it: what `kirdi demo` runs.

It shows that the parts work together. It says nothing about how well faces are told apart: every
person of the clip is enrolled from the very photograph the clip is made of.
"""
