"""The stores of one site by subject; `streamer.backend` opens them together."""
