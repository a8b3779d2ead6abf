"""Pure algorithms over faces: which belong to one person, and who that person is."""
