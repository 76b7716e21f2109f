"""What every step of a history is."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class StepModel(BaseModel):
    """What all steps share. Raises pydantic's ValidationError for values that make no sense."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str]
    help: ClassVar[str]

    def words(self) -> str:
        """This step as a line of the history."""
        return self.title
