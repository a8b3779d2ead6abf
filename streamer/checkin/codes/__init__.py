"""Checking in without a face: codes on a phone or on paper, and the national documents."""
