"""Posts checkpoints of the audit to a server outside. Used by `streamer.audit_keeper`.

The body is the very line of the file, so that whoever keeps them can check each against the one
before.
"""

from config.settings import Audit
from streamer.errors import OutsideError
from streamer.exchange.outside import Call, Outside, Trust, read_token

_NAME = "audit"


class CheckpointPost:
    """One request for each checkpoint, bounded in time; nothing is opened before."""

    def __init__(self, settings: Audit) -> None:
        """Keep the settings; `checkpoint_url` is set."""
        self._settings = settings
        self._outside = Outside(
            _NAME, Trust(settings.ca_file), settings.connect_timeout_s, settings.timeout_s
        )

    async def send(self, line: bytes) -> None:
        """Post one.

        Raises:
            OutsideError: It is not known to be kept there; says why, without the address.
        """
        assert self._settings.checkpoint_url is not None
        headers = {"Content-Type": "application/json"}
        token = await read_token(_NAME, self._settings.token_file)
        if token is not None:
            headers["Authorization"] = token
        url = self._settings.checkpoint_url.get_secret_value()
        try:
            answer = await self._outside.call(Call("POST", url, headers, body=line))
        except OutsideError as error:
            # The keys of this section have longer names.
            raise OutsideError(str(error).replace("audit.url", "audit.checkpoint_url")) from error
        if not 200 <= answer.status < 300:
            raise OutsideError(
                f"audit.checkpoint_url: answered {answer.status}; see what the server there wants"
            )
