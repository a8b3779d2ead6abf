"""What the `kirdi` command can do: a file per group of commands. Collected by `streamer.cli`.

Each imports what does the work inside the function that needs it: databases, models and video take
longer to import than most commands take to run.
"""
