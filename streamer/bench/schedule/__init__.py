"""`kirdi bench schedule`: how soon gallery and schedule follow a change, and what that costs."""
