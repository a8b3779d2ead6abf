"""An RTSP camera that plays any video file."""
