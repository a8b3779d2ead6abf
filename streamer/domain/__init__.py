"""The records that pass between the stages: frozen, typed, without behaviour of their own."""
