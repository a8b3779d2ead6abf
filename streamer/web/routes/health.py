"""`/health`: does the server answer? For load balancers; says nothing else."""

from pydantic import BaseModel

from streamer.web.require import PUBLIC
from streamer.web.router import router

health = router("/health", "service")


class Health(BaseModel):
    """It does."""

    status: str


@health.get("", dependencies=[PUBLIC])
async def read_health() -> Health:
    """Say that the server answers."""
    return Health(status="pass")
