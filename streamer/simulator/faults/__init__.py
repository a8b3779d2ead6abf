"""What can be wrong with a simulated camera, as small objects that act at a few clear points."""
