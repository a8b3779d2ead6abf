"""What all connections of one simulated camera share. Made by `server`, read by the rest."""

from collections import Counter
from concurrent.futures import Executor
from dataclasses import dataclass, field

from streamer.simulator.credentials import Credentials
from streamer.simulator.faults.board import FaultBoard
from streamer.simulator.limits import Limits
from streamer.simulator.programme_list import ProgrammeList
from streamer.simulator.session_register import SessionRegister


@dataclass(frozen=True, slots=True)
class Camera:
    """One camera: what it plays, for whom, and what is wrong with it.

    Attributes:
        programmes: What can be played.
        credentials: Whom it serves, or None for everyone.
        executor: Reads files.
        limits: Bounds and time-outs.
        speed: How many times faster than real time pictures are sent.
        board: The faults in force.
        sessions: The sessions it believes it has.
        done: What it has done so far: connections, sessions, pictures.
    """

    programmes: ProgrammeList
    credentials: Credentials | None
    executor: Executor
    limits: Limits
    speed: float
    board: FaultBoard
    sessions: SessionRegister = field(default_factory=SessionRegister)
    done: Counter[str] = field(default_factory=Counter)
