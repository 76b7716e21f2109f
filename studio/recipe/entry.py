"""One field of a pydantic model as forms, the command line and the documentation see it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from studio.catalogue import phrase, worded, wrong_value

_NOTHING: dict[str, Any] = {"unit": "", "level": "basic", "needs": {}, "idle_with": {}, "choices": []}


@dataclass(frozen=True)
class FieldEntry:
    """A field by its group and name; what a declaration does not say is empty."""

    group: str  # "" for a model's own fields
    name: str
    info: FieldInfo

    @property
    def path(self) -> str:
        return f"{self.group}.{self.name}" if self.group else self.name

    @property
    def title(self) -> str:
        return self.info.title or self.name.replace("_", " ").capitalize()

    @property
    def help(self) -> str:
        return self.info.description or ""

    @property
    def default(self) -> Any:
        """The default, or no text where a value must be given."""
        return "" if self.info.is_required() else self.info.default

    @property
    def unit(self) -> str:
        return worded(str(self.extra["unit"]))

    @property
    def level(self) -> str:
        """basic, advanced, or dataset: what the pane of the dataset sets, and no form shows"""
        return str(self.extra["level"])

    @property
    def optional(self) -> bool:
        """Whether the field may be left empty, to be chosen for the person."""
        return self.default is None

    @property
    def kind(self) -> type:
        """bool, int, float or str: what an editor for this field edits. See `choices` for enumerations."""
        for kind in (bool, int, float):
            if self.info.annotation in (kind, kind | None):
                return kind
        return str

    @property
    def choices(self) -> tuple[str, ...]:
        """The allowed values of an enumeration, or the usual ones of an `open` field; else empty."""
        usual = tuple(str(choice) for choice in self.extra["choices"])
        values = get_args(getattr(self.info.annotation, "__value__", self.info.annotation))
        return usual or tuple(value for value in values if self.kind is str and isinstance(value, str))

    @property
    def open(self) -> bool:
        """Whether another value than its choices can be given, too."""
        return bool(self.extra["choices"])

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The lowest and highest value, None where open. An exclusive bound is given as it is."""
        low = high = None
        for rule in self.info.metadata:
            low = getattr(rule, "ge", getattr(rule, "gt", low))
            high = getattr(rule, "le", getattr(rule, "lt", high))
        return low, high

    @property
    def extra(self) -> dict[str, Any]:
        """What the declaration says beside the type: unit, level, needs, idle_with, choices."""
        extra = self.info.json_schema_extra
        return {**_NOTHING, **extra} if isinstance(extra, dict) else _NOTHING

    def read(self, value: Any) -> Any:
        """The value that a text, or anything else, stands for. Raises pydantic's ValidationError."""
        if self.optional and value in ("", "auto"):
            return None
        return self._adapter.validate_python(value)

    def problem(self, value: Any) -> str:
        """Why the field cannot have this value, as a sentence; nothing when it can."""
        if value == "" and not self.optional and self.default != "":
            return str(phrase("value.missing", title=self.title))
        try:
            self.read(value)
        except ValidationError as error:
            return str(wrong_value(self.title, error.errors()[0], self.choices))
        return ""

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        kept: Any = self.info.annotation
        if self.info.metadata:
            kept = Annotated[kept, *self.info.metadata]
        return TypeAdapter(kept, config={"allow_inf_nan": False})

    def value(self, model: Any) -> Any:
        """The field's value in an instance of its model."""
        return getattr(getattr(model, self.group) if self.group else model, self.name)
