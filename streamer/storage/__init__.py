"""PostgreSQL, Redis and the local spool: the only place that speaks to them."""
