"""Which appointments and billed services have evidence of presence: verdicts, rules, figures."""
