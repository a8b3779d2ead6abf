"""Tells a server of a report by a signed POST. Used by `reporting/sending`.

`Kirdi-Signature` is `v1=` and the hex HMAC-SHA256, under the destination's secret, over the value
of `Kirdi-Timestamp` (Unix seconds), a dot, and the body as sent. `Kirdi-Delivery` is the same with
every try. docs/reports.md says how a receiver checks them.
"""

import base64
import hashlib
import hmac
import json

from config.settings import Destination
from streamer.clock import Clock
from streamer.domain.report.parcel import Parcel
from streamer.errors import OutsideError
from streamer.exchange.outside import Call, Outside, Trust


class WebhookDelivery:
    """One server; a connection for each try."""

    def __init__(self, destination: Destination, clock: Clock) -> None:
        """Keep the settings; `webhook` and `secret` are set."""
        self._destination = destination
        self._clock = clock
        self._name = f"destination {destination.id}"
        self._outside = Outside(
            self._name,
            Trust(destination.ca_file),
            min(5.0, destination.timeout_s),
            destination.timeout_s,
        )

    async def deliver(self, parcel: Parcel) -> None:
        """Post it once; any status from 200 to 299 says that it was taken.

        Raises:
            OutsideError: It is not known to have been taken. Without the address.
        """
        url, secret = self._destination.webhook, self._destination.secret
        assert url is not None
        assert secret is not None
        body = webhook_body(parcel)
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Kirdi-Delivery": str(parcel.delivery_id),
            "Kirdi-Timestamp": timestamp,
            "Kirdi-Signature": signature(secret.get_secret_value(), timestamp, body),
        }
        try:
            answer = await self._outside.call(
                Call("POST", url.get_secret_value(), headers, body=body)
            )
        except OutsideError as error:
            # The keys of this section have other names.
            raise OutsideError(error.message.replace(f"{self._name}.url", "its webhook")) from error
        if 300 <= answer.status < 400:
            raise OutsideError(
                f"{self._name}: points elsewhere (HTTP {answer.status}), and a report goes nowhere "
                "else; correct its webhook"
            )
        if not 200 <= answer.status < 300:
            raise OutsideError(
                f"{self._name}: did not take it (HTTP {answer.status}); see what the server there "
                "wants"
            )


def webhook_body(parcel: Parcel) -> bytes:
    """Return the JSON that is posted; files only where the parcel has any."""
    period = parcel.period
    said = {
        "event": "report",
        "delivery_id": str(parcel.delivery_id),
        "report": "appointment-match",
        "report_id": str(parcel.report_id),
        "revision": parcel.number,
        "site_id": parcel.site_id,
        "period": {"kind": period.kind, "first": str(period.first), "last": str(period.last)},
        "state": parcel.state,
        "digest": parcel.digest,
        "made_at": parcel.made_at.isoformat(),
        "link": parcel.link,
        "files": [
            {
                "name": file.name,
                "media_type": file.media_type,
                "content": base64.b64encode(file.content).decode(),
            }
            for file in parcel.files
        ],
    }
    return json.dumps(said, ensure_ascii=False, sort_keys=True).encode()


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of `Kirdi-Signature`."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"v1={signed.hexdigest()}"
