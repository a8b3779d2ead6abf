"""The certificate of a camera that speaks rtsps. Given to `server` by `kirdi camera simulate`."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from streamer.errors import InputError


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the certificate and its private key lie, PEM, the key without a passphrase."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """What a server needs to speak TLS; blocking.

        Raises:
            InputError: A file cannot be read, or they do not belong together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # A passphrase would be asked for on the terminal; an empty one is an error instead.
            context.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (OSError, ValueError) as error:
            raise InputError(
                f"{self.certificate}, {self.key}: no certificate with its key "
                f"({getattr(error, 'strerror', None) or type(error).__name__}); "
                "give two PEM files, the key without a passphrase"
            ) from error
        return context
