"""A web server on loopback that misbehaves as told."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class CuttingServer:
    """What it serves, and how.

    Attributes:
        files: Contents by path.
        cut_after: Bytes of a body after which the connection ends, per request; then no more cuts.
        ranges: Whether it knows partial requests.
        shift: By how much the next part begins later than it was asked for.
        redirects: Where a path leads instead.
        seen: The Range header of each request, empty where there was none.
    """

    files: dict[str, bytes]
    cut_after: list[int] = field(default_factory=list)
    ranges: bool = True
    shift: int = 0
    redirects: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator["CuttingServer"]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                script.seen.append(self.headers.get("Range", ""))
                if self.path in script.redirects:
                    self.send_response(302)
                    self.send_header("Location", script.redirects[self.path])
                    self.end_headers()
                    return
                if self.path not in script.files:
                    self.send_error(404)
                    return
                self._send(script.files[self.path])

            def _send(self, content: bytes) -> None:
                begin = 0
                asked = self.headers.get("Range")
                if asked and script.ranges:
                    begin = int(asked.removeprefix("bytes=").rstrip("-")) + script.shift
                    script.shift = 0
                    if begin >= len(content):
                        self.send_error(416)
                        return
                    self.send_response(206)
                    self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/x")
                else:
                    self.send_response(200)
                body = content[begin:]
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                cut = script.cut_after.pop(0) if script.cut_after else len(body)
                self.wfile.write(body[:cut])

            def log_message(self, *_: object) -> None:
                pass

        return Handler
