"""Enrolment of consenting patients."""
