"""Requests that are not answered: the status, and the body that OpenAI's clients make an exception of."""

from __future__ import annotations

from typing import Any

from studio.errors import StudioError
from studio.jobs.job import Failed

type JsonBody = dict[str, Any]

_INVALID, _DENIED = "invalid_request_error", "permission_error"
_KNOWN: dict[str, tuple[int, str, str]] = {
    "serve.no_path": (404, _INVALID, "not_found"),
    "serve.no_method": (405, _INVALID, "method_not_allowed"),
    "serve.no_model": (404, _INVALID, "model_not_found"),
    "run.missing": (404, _INVALID, "model_not_found"),
    "contestant.no_checkpoint": (404, _INVALID, "model_not_found"),
    "serve.no_key": (401, "authentication_error", "invalid_api_key"),
    "serve.host": (403, _DENIED, "host_not_allowed"),
    "serve.origin": (403, _DENIED, "origin_not_allowed"),
    "serve.too_large": (413, _INVALID, "request_too_large"),
    "serve.too_slow": (408, _INVALID, "request_timeout"),
    "serve.busy": (429, "rate_limit_error", "rate_limit_exceeded"),
    "serve.no_json": (400, _INVALID, "invalid_json"),
    "serve.unknown": (400, _INVALID, "unknown_parameter"),
    "serve.missing": (400, _INVALID, "missing_required_parameter"),
    "serve.value": (400, _INVALID, "invalid_value"),
    "serve.unsupported": (400, _INVALID, "unsupported_value"),
    "serve.no_text": (400, _INVALID, "unsupported_content"),
    "serve.no_tools": (400, _INVALID, "tools_not_supported"),
    "serve.no_token": (400, _INVALID, "invalid_value"),
    "serve.too_long": (400, _INVALID, "context_length_exceeded"),
    "model.positions": (400, _INVALID, "context_length_exceeded"),
    "form.refused": (400, _INVALID, "invalid_json_schema"),
    "template.not_shown": (400, _INVALID, "invalid_messages"),
    "serve.stopped": (503, "server_error", "server_stopped"),
}
"""Of a code of the catalogue the status, and the kind and the code that OpenAI's protocol has for it."""

_NAMING = {"serve.unknown", "serve.missing", "serve.value", "serve.unsupported", "serve.no_text"}
_PARAMETERS = {
    "form.refused": "response_format",
    "template.not_shown": "messages",
    "serve.no_model": "model",
    "serve.no_tools": "tools",
    "run.missing": "model",
}


class HttpRefusal(StudioError):
    """A request that is refused, by a code of the catalogue."""

    @property
    def status(self) -> int:
        return self._told[0]

    @property
    def body(self) -> JsonBody:
        """What is sent: the sentence, the part that is at fault, and what a program goes by."""
        _, kind, code = self._told
        return {"error": {"message": str(self), "type": kind, "param": self._param, "code": code}}

    @classmethod
    def of_failure(cls, failed: Failed) -> HttpRefusal:
        """The refusal of a request whose job could not go on."""
        return cls(failed.said)

    @property
    def _told(self) -> tuple[int, str, str]:
        if self.code.startswith("value."):
            return _KNOWN["serve.value"]
        return _KNOWN.get(self.code, (500, "server_error", self.code or "server_error"))

    @property
    def _param(self) -> str | None:
        values = dict(self.phrase.values) if self.phrase is not None else {}
        named = values.get("name" if self.code in _NAMING else "title")
        return str(named) if named is not None else _PARAMETERS.get(self.code)
