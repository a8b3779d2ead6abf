"""`kirdi bench peers`: Kirdi's pipeline beside what people otherwise write, on the same frames."""
