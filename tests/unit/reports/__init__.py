"""Reports: pure parts."""
