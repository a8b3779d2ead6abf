"""The sanity rules, a file each; what they share is in `claim_day.py` and `rule_log.py`."""
