"""What stands between the service and the web, without a database."""
