"""PostgreSQL and Redis for one machine, when none is configured."""
