"""The schema's history, one revision per file in `versions`; run by `streamer.storage.schema`."""
