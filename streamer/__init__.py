"""The service: cameras in, arrived appointments out. `app` puts it together, `cli` starts it."""
