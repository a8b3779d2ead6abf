"""Data from and to other systems: CSV files in."""
