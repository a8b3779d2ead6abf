"""Finds a camera's address and connects to it. Used by `relay`, before the sandbox is closed."""

import socket
import time
from ipaddress import IPv4Address, IPv6Address, ip_address

from streamer.ingest.protocol import FailureKind
from streamer.ingest.source_error import SourceError

Address = IPv4Address | IPv6Address


def connect_camera(host: str, port: int, timeout_s: float) -> socket.socket:
    """Look a camera's name up once, and connect to the first of its addresses that answers.

    Args:
        host: Name or address.
        port: TCP port.
        timeout_s: For all addresses together; looking up takes what the system's resolver takes.

    Returns:
        The connection; its peer's address is the camera's from now on.

    Raises:
        SourceError: The name is unknown, no camera can have such an address, or none answers.
    """
    deadline = time.monotonic() + timeout_s
    addresses = _look_up(host, port)
    for address in addresses:
        if (word := why_refused(address)) is not None:
            raise SourceError(
                FailureKind.OTHER, f"{address} is {word}, where no camera is; correct its address"
            )
    reason = "no connection"
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            reason = f"no answer in {timeout_s:g} s"
            break
        try:
            camera = socket.create_connection((str(address), port), left)
        except TimeoutError:
            reason = f"no answer in {timeout_s:g} s"
        except OSError as error:
            reason = error.strerror or reason
        else:
            camera.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return camera
    raise SourceError(FailureKind.UNREACHABLE, reason)


def why_refused(address: Address) -> str | None:
    """What is wrong with an address for a camera; None where nothing is.

    Cameras live in private networks and, simulated, on the loopback. Link-local addresses are those
    of cloud metadata services, which give out credentials.
    """
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_unspecified:
        return "the unspecified address"
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    # The loopback of IPv6 lies in a reserved block.
    if address.is_reserved and not address.is_loopback:
        return "a reserved address"
    return None


def _look_up(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        reason = f"{host}: {error.strerror or 'unknown name'}"
        raise SourceError(FailureKind.UNREACHABLE, reason) from error
    except UnicodeError as error:
        raise SourceError(FailureKind.UNREACHABLE, f"{host}: not a host's name") from error
    # An IPv6 address with a scope is link-local, and refused as such without it.
    texts = [str(place[0]).partition("%")[0] for *_, place in found]
    return [ip_address(text) for text in dict.fromkeys(texts)]
