"""The name and password a simulated camera asks for. Given by `kirdi camera simulate --user`."""

from dataclasses import dataclass, field

from streamer.errors import InputError


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password; printing shows neither password nor its length."""

    username: str
    password: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "Credentials":
        """Read `NAME:PASSWORD`; the password may hold colons.

        Raises:
            InputError: there is no colon, or no name before it.
        """
        username, colon, password = text.partition(":")
        if not colon or not username or '"' in username or not text.isprintable():
            raise InputError("--user: not NAME:PASSWORD; write for example --user viewer:secret")
        return cls(username, password)
