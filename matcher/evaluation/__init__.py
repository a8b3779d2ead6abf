"""How often the matcher errs, measured on photos of known people: protocol, rates, bounds. Pure."""
