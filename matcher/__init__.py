"""Images and vectors: finds, aligns and compares faces.

Knows no camera, patient, database or clock.
"""
