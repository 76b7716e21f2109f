"""The routes: what is asked at which path, and how the reply is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from studio.errors import StudioError
from studio.events import Event
from studio.files import parsed
from studio.jobs.replies import ReplyJob
from studio.serve.bodies import ReplyBodies
from studio.serve.exchange import ReplyExchange, RequestTally, Submit
from studio.serve.offered import Offered, OfferedModel
from studio.serve.refusal import HttpRefusal, JsonBody
from studio.serve.request import ServedRequest, chat_request, completion_request
from studio.words import file_size

LARGEST = 8_000_000
"""Bytes of a request: more text than any context holds."""
SLOWEST = 30
"""Seconds that a request may take to arrive."""
MOST_WAITING = 64


class Service:
    """Answers requests on the server's loop; the work is done elsewhere, by `submit`."""

    def __init__(
        self, offered: Offered, submit: Submit, tally: RequestTally, *, changed_base: bool = False
    ) -> None:
        self._offered, self._submit, self._tally = offered, submit, tally
        self._changed_base = changed_base
        self._open: set[ReplyExchange] = set()
        self.app = Starlette(
            routes=[
                Route("/health", self._health),
                Route("/v1/models", self._models),
                Route("/v1/models/{name:path}", self._model),
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/v1/completions", self._complete, methods=["POST"]),
            ],
            exception_handlers={
                HTTPException: _not_routed,
                StudioError: _refused,
                Exception: _broken,
            },
        )

    def abandon(self) -> None:
        """Let go of all that is being answered; called on the loop."""
        for exchange in list(self._open):
            exchange.abandon()

    async def _health(self, _: HttpRequest) -> Response:
        return JSONResponse({"status": "ok"})

    async def _models(self, _: HttpRequest) -> Response:
        found = await asyncio.to_thread(self._offered.models)
        return JSONResponse({"object": "list", "data": [_told(each) for each in found]})

    async def _model(self, request: HttpRequest) -> Response:
        return JSONResponse(_told(await asyncio.to_thread(self._offered.find, request.path_params["name"])))

    async def _chat(self, request: HttpRequest) -> Response:
        return await self._reply(request, chat_request)

    async def _complete(self, request: HttpRequest) -> Response:
        return await self._reply(request, completion_request)

    async def _reply(self, request: HttpRequest, read: Callable[[object], ServedRequest]) -> Response:
        asked = read(await _document(request))
        model = await asyncio.to_thread(self._offered.find, asked.model)
        if len(self._open) >= MOST_WAITING:
            raise HttpRefusal("serve.busy", count=len(self._open))
        exchange = ReplyExchange(self._submit, self._job(asked, model))
        self._open.add(exchange)
        self._tally.begin()
        bodies, events = ReplyBodies(asked), exchange.events()
        if asked.streams:
            # Only once the first event is there is it known that it can be answered.
            first = await self._unless_gone(request, exchange, bodies, _next(events))
            stream = self._stream(asked, bodies, first, events)
            return _Streamed(stream, lambda: self._leave(exchange, bodies))
        await self._unless_gone(request, exchange, bodies, _gather(events, bodies))
        self._leave(exchange, bodies)
        return JSONResponse(bodies.whole())

    def _job(self, asked: ServedRequest, model: OfferedModel) -> ReplyJob:
        return ReplyJob(
            model.run,
            model.contestant,
            asked.prompts,
            asked.sampling,
            asked.limit,
            asked.count,
            asked.likely,
            asked.form,
            self._changed_base,
        )

    async def _unless_gone[T](
        self, request: HttpRequest, exchange: ReplyExchange, bodies: ReplyBodies, work: Coroutine[Any, Any, T]
    ) -> T:
        """What the work comes to; where whoever asked goes away meanwhile, it is stopped."""
        working, gone = asyncio.ensure_future(work), asyncio.ensure_future(_disconnected(request))
        try:
            await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                working.cancel()
            return await working
        except BaseException:
            self._leave(exchange, bodies)
            raise
        finally:
            working.cancel()
            gone.cancel()

    async def _stream(
        self,
        asked: ServedRequest,
        bodies: ReplyBodies,
        first: list[Event],
        events: AsyncIterator[Event],
    ) -> AsyncIterator[bytes]:
        try:
            for event in first:
                for body in _heard(bodies, event):
                    yield _line(body)
            async for event in events:
                for body in _heard(bodies, event):
                    yield _line(body)
            if asked.counts_usage:
                yield _line(bodies.usage_chunk())
            yield b"data: [DONE]\n\n"
        except HttpRefusal as refusal:
            yield _line(refusal.body)

    def _leave(self, exchange: ReplyExchange, bodies: ReplyBodies) -> None:
        exchange.close()
        if exchange in self._open:
            self._open.remove(exchange)
            self._tally.end(bodies.tokens)


class _Streamed(StreamingResponse):
    """Events as a server sends them; `left` is called at the end, however it comes."""

    def __init__(self, lines: AsyncIterator[bytes], left: Callable[[], None]) -> None:
        super().__init__(lines, media_type="text/event-stream", headers={"Cache-Control": "no-cache"})
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._left()


async def _document(request: HttpRequest) -> Any:
    """The JSON of a request. Raises HttpRefusal for one that is too large or slow, and for what is none."""
    body = bytearray()
    try:
        async with asyncio.timeout(SLOWEST):
            async for piece in request.stream():
                body += piece
                if len(body) > LARGEST:
                    raise HttpRefusal("serve.too_large", size=file_size(LARGEST))
    except TimeoutError:
        raise HttpRefusal("serve.too_slow", seconds=SLOWEST) from None
    try:
        return parsed(bytes(body))
    except (ValueError, RecursionError) as error:
        fault = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise HttpRefusal("serve.no_json", fault=fault[:120]) from error


async def _next(events: AsyncIterator[Event]) -> list[Event]:
    """The first event that there is, if there is one."""
    async for event in events:
        return [event]
    return []


async def _gather(events: AsyncIterator[Event], bodies: ReplyBodies) -> None:
    async for event in events:
        bodies.take(event)


def _heard(bodies: ReplyBodies, event: Event) -> list[JsonBody]:
    bodies.take(event)
    return list(bodies.chunks(event))


async def _disconnected(request: HttpRequest) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _line(body: JsonBody) -> bytes:
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


def _told(model: OfferedModel) -> JsonBody:
    return {"id": model.name, "object": "model", "created": model.created, "owned_by": "tuning-studio"}


async def _refused(_: HttpRequest, error: Exception) -> Response:
    said = error.said if isinstance(error, StudioError) else str(error)
    refusal = HttpRefusal(said)
    return JSONResponse(refusal.body, refusal.status)


async def _not_routed(request: HttpRequest, error: Exception) -> Response:
    path = request.url.path[:80]
    if isinstance(error, HTTPException) and error.status_code == 405:
        refusal = HttpRefusal("serve.no_method", path=path, method=request.method)
        return JSONResponse(refusal.body, refusal.status, headers=error.headers)
    refusal = HttpRefusal("serve.no_path", path=path)
    return JSONResponse(refusal.body, refusal.status)


async def _broken(_: HttpRequest, error: Exception) -> Response:
    refusal = HttpRefusal("serve.broken", fault=f"{type(error).__name__}: {error}")
    return JSONResponse(refusal.body, refusal.status)
