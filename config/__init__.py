"""Kirdi's settings: what one YAML file and the environment may say. Imports nothing of ours."""
