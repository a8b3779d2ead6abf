"""The console, as seen in a browser. A file per page; `rendering` and `router` serve them all."""
