"""What every step of a history is."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo


class StepModel(BaseModel):
    """What all steps share. Raises pydantic's ValidationError for values that make no sense."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str]
    help: ClassVar[str]
    hidden: ClassVar[frozenset[str]] = frozenset({"kind", "grouping"})
    """Fields that a person is not asked for."""

    @classmethod
    def asked(cls) -> dict[str, FieldInfo]:
        """The fields that a person is asked for."""
        return {name: field for name, field in cls.model_fields.items() if name not in cls.hidden}

    def words(self) -> str:
        """This step as a line of the history."""
        return self.title
