"""The appointment-match report as a record, part by part: made by `reports`, kept by `storage`."""
