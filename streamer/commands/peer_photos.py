"""The `face_recognition` library on an evaluation's photos. Used by `kirdi evaluate --peer`."""

import threading

import numpy as np

from matcher.face import Image, Vector
from streamer.bench.peers.dlib_peer import open_encoder
from streamer.bench.peers.nearest import TOLERANCE
from streamer.commands.photo_folder import prominence

__all__ = ["TOLERANCE", "PeerPhotos"]


class PeerPhotos:
    """Collects the vector of each photo's main face, chosen by the same rule as for Kirdi."""

    def __init__(self) -> None:
        """Load the library.

        Raises:
            PeerUnavailableError: It is not installed.
        """
        self.name, self._encoder = open_encoder()
        self.people: dict[str, dict[int, Vector]] = {}
        # Its models are not made for several threads.
        self._lock = threading.Lock()

    def look(self, name: str, number: int, image: Image) -> None:
        """See `photo_folder.Peek`; a photo without a face leaves nothing."""
        height, width = image.shape[:2]
        with self._lock:
            faces = self._encoder.faces(image)
            if faces:
                main = max(faces, key=lambda face: prominence(face.box, width, height))
                known = self.people.setdefault(name, {})
                known[number] = np.asarray(main.row, np.float32)
