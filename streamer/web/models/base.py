"""The two kinds of models: what is sent to the API, and what it answers."""

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


class Sent(BaseModel):
    """Of a request: a member that nobody knows is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(BaseModel):
    """Of an answer; may be made of one of our records."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Told(Answer):
    """Something to be known although nothing was refused."""

    code: str = Field(description="what it is; pages have words for it in their languages")
    text: str = Field(description="in English")
    values: dict[str, str | int] = Field(description="what those words name")


class Listed(Answer, Generic[Item]):
    """A part of a list. Ask again with `cursor` = `next` for what follows."""

    items: list[Item]
    next: str | None = Field(
        None, description="the cursor of the next part; null = there is no more"
    )
