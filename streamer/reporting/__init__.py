"""Reports as they are made, kept, answered and sent: what puts `reports` and `storage` together."""
