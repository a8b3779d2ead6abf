"""The web server in the service's process: the API, accounts, sessions. Started by `app`."""
