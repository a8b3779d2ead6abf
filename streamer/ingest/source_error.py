"""The one error of everything that reaches for a camera's stream, in the decoder process."""

from streamer.ingest.protocol import Failure, FailureKind


class SourceError(Exception):
    """The stream cannot be opened, or is over."""

    def __init__(self, kind: FailureKind, text: str) -> None:
        super().__init__(text)
        self.failure = Failure(kind, text)
