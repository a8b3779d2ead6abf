"""The API's resources, a file each: a router, and the Protocol of what it needs."""
