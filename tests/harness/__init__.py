"""The service's ingest in a process of its own, watched from outside: for fuzzing and soaking."""
