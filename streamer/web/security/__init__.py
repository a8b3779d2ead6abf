"""What stands before every route: who asks, from where, how often, and how much."""
