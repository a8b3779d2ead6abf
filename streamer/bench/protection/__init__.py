"""What audit and encryption cost: `kirdi bench protection`."""
