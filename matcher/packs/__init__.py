"""Model packs: which files find and compare faces, where they come from and under which licence."""
