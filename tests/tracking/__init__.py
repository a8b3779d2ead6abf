"""What trackers are measured with: generated crossings, recordings, and the figures of both."""
