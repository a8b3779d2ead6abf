"""What the API takes and gives, a file per resource. Field names as in docs/glossary.md."""
