"""Looks at the files and folders that settings name. Used by `kirdi config check`.

The service starts without them, and says so when it needs them: a share may be away for a while.
"""

import os
from collections.abc import Iterator
from datetime import datetime

from config.settings import Destination, Settings
from streamer.crypto.smime import recipient_of
from streamer.errors import InputError, KirdiError
from streamer.exchange.outside import Trust
from streamer.web.tls import Certificate


def named_files_faults(settings: Settings, now: datetime) -> Iterator[str]:
    """Yield what cannot be used, a sentence each, for whoever runs this command; blocking.

    Args:
        settings: As they were read.
        now: Aware.
    """
    for one in settings.destinations:
        yield from _of_destination(one, now)
    egov = settings.egov
    trusts = {
        "mail": Trust(settings.mail.ca_file),
        "sms": Trust(settings.sms.ca_file),
        "oidc": Trust(settings.oidc.ca_file),
        "audit": Trust(settings.audit.ca_file),
        "egov": Trust(egov.ca_file, egov.cert_file, egov.key_file),
    }
    for name, trust in trusts.items():
        yield from _of_trust(name, trust)
    web = settings.web
    if web.certificate is not None and web.private_key is not None:
        try:
            Certificate(web.certificate, web.private_key).open()
        except KirdiError as error:
            yield error.message


def _of_destination(one: Destination, now: datetime) -> Iterator[str]:
    name = f"destination {one.id}"
    if one.folder is not None:
        where = f"{name}: folder {one.folder}"
        if not one.folder.exists():
            yield f"{where}: is not there, or may not be seen; make it, or mount it"
        elif not one.folder.is_dir():
            yield f"{where}: is no folder"
        elif not os.access(one.folder, os.W_OK | os.X_OK):
            yield f"{where}: this user may not write there; give the service's user the right"
    if one.certificate is not None:
        try:
            recipient_of(one.certificate.read_bytes(), now)
        except OSError as error:
            yield f"{name}: {one.certificate}: cannot be read ({error.strerror})"
        except InputError as error:
            yield f"{name}: {one.certificate}: {error.message}"
    yield from _of_trust(name, Trust(one.ca_file))


def _of_trust(name: str, trust: Trust) -> Iterator[str]:
    if trust == Trust():
        return
    try:
        trust.context(name)
    except KirdiError as error:
        yield error.message
