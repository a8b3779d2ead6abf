"""From an identity to a check-in: the decision, and the service that carries it out."""
