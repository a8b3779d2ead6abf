"""Every route of an application, however deeply it was included. Used by the tests of the web."""

from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from streamer.web.require import Public, Require
from streamer.web.router import GuardedRoute


@dataclass(frozen=True)
class RouteLine:
    """One method of one path, and what it demands; None = nothing was declared."""

    method: str
    path: str
    guard: Require | Public | None

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def route_table(application: FastAPI) -> list[RouteLine]:
    """All of them; anything that is no route of ours has no guard."""
    lines = []
    for context in iter_route_contexts(application.routes):
        route = context.original_route
        guard = route.guard if isinstance(route, GuardedRoute) else None
        for method in sorted(context.methods or {"*"}):
            lines.append(RouteLine(method, context.path or "?", guard))
    return lines
