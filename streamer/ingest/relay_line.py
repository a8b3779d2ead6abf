"""The relay's connection to the camera, plain or encrypted. Used by `relay`, on its thread."""

import os
import socket
from types import TracebackType
from typing import TYPE_CHECKING, Self

from streamer.ingest.decoder_command import Request
from streamer.ingest.protocol import FailureKind
from streamer.ingest.source_error import SourceError

if TYPE_CHECKING:
    import ssl

_PIECE_BYTES = 64 * 1024


class CameraLine:
    """A connected socket, with TLS where there is a context; a context manager that closes it."""

    def __init__(
        self, camera: socket.socket, tls: "ssl.SSLContext | None", host: str, timeout_s: float
    ) -> None:
        """Take a connection over.

        Args:
            camera: Connected; closed with the line.
            tls: For rtsps; from `tls_context`.
            host: The name that the certificate must be for.
            timeout_s: For the handshake, and for a camera that does not take what it is sent.
        """
        self._socket = camera
        self._secured: ssl.SSLSocket | None = None
        self._tls = tls
        self._host = host
        self._timeout_s = timeout_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    @property
    def address(self) -> str:
        """The camera's address, as it was when the connection was made."""
        return str(self._socket.getpeername()[0])

    def fileno(self) -> int:
        """Readable when `read` may have something."""
        return self._socket.fileno()

    def secure(self) -> None:
        """Shake hands where TLS is wanted.

        Raises:
            SourceError: The certificate is not to be trusted, or it is not TLS.
        """
        self._socket.settimeout(self._timeout_s)
        if self._tls is None:
            return
        import ssl

        try:
            self._secured = self._tls.wrap_socket(self._socket, server_hostname=self._host)
            self._socket = self._secured
        except ssl.SSLCertVerificationError as error:
            text = f"its certificate is not trusted ({error.verify_message})"
            raise SourceError(FailureKind.CERTIFICATE, text) from error
        except OSError as error:
            reason = getattr(error, "reason", None) or error.strerror or "no answer"
            raise SourceError(FailureKind.UNREACHABLE, f"no TLS with it ({reason})") from error

    def read(self) -> bytes | None:
        """What has arrived; empty at the end, None when there is nothing (yet, or ever, in TLS)."""
        if self._secured is None:
            try:
                # A socket's own method would wait for as long as sending may take.
                return os.read(self._socket.fileno(), _PIECE_BYTES)
            except BlockingIOError:
                return None
        import ssl

        # What can be read may be TLS' own, so that a read which waits would wait for the camera.
        self._secured.settimeout(0)
        try:
            return self._secured.recv(_PIECE_BYTES)
        except ssl.SSLWantReadError:
            return None
        finally:
            self._secured.settimeout(self._timeout_s)

    @property
    def pending(self) -> bool:
        """Whether there is more to read that `fileno` does not show."""
        return self._secured is not None and self._secured.pending() > 0

    def send(self, data: bytes) -> None:
        """Send everything."""
        self._socket.sendall(data)


def tls_context(request: Request) -> "ssl.SSLContext":
    """What a camera's certificate must fulfil; reads the authorities' certificates.

    Raises:
        SourceError: `ca_file` cannot be read.
    """
    # Not at the top: it costs every decoder memory that only these need.
    import ssl

    try:
        context = ssl.create_default_context(cafile=request.ca_file)
    except (OSError, ssl.SSLError) as error:
        text = f"ca_file cannot be read ({error.strerror or 'no certificates'})"
        raise SourceError(FailureKind.CERTIFICATE, text) from error
    if request.insecure_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
