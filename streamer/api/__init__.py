"""What the routes of `web` ask for, answered by the stores and services of one site.

Made by `app`. A file for each Protocol of `web.resources` that no store fulfils by itself.
"""
