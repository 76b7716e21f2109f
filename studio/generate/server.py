"""Replies from an OpenAI-compatible server: asked patiently, stopped at once, refusals in plain words.

A reply is read to its end: no larger, and nowhere else, than agreed.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from studio.catalogue import Phrase, Unusable, phrase
from studio.files import parsed
from studio.generate.address import endpoint, fault_in, origin
from studio.generate.keys import KEY_VARIABLE, URL_VARIABLE, ServerError, checked
from studio.words import file_size, redacted

LARGEST_REPLY = 16_000_000
"""Bytes of a reply: 8,192 tokens with all that a server tells beside them take less than one of them."""

_REDIRECTS = 5


class Broken(Unusable):
    """A reply that is not what the protocol says."""


class TooLarge(Exception):
    """A reply that went on and on."""


class SentElsewhere(Exception):
    """The server says that another one, `where`, is to be asked."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


@dataclass(frozen=True)
class Posted:
    """A whole reply."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300

    def document(self) -> Any:
        """Its JSON. Raises ValueError where it is none."""
        try:
            return parsed(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error

    @property
    def error(self) -> dict[str, Any]:
        """What the server says went wrong, as OpenAI writes it; empty where it says nothing."""
        try:
            found = self.document()["error"]
        except (ValueError, LookupError, TypeError):
            return {}
        return found if isinstance(found, dict) else {"message": found}


async def posted(client: httpx2.AsyncClient, url: str, asked: dict[str, Any], largest: int) -> Posted:
    """The reply to what is asked, of at most `largest` bytes.

    A redirect is followed on the same server only, and asked the same there. Raises SentElsewhere, TooLarge,
    Broken for redirects without an end, and what httpx2 raises.
    """
    where = httpx2.URL(url)
    for _ in range(_REDIRECTS):
        async with client.stream("POST", where, json=asked) as response:
            if not response.has_redirect_location:
                return Posted(response.status_code, response.headers, await _read(response, largest))
            there = where.join(response.headers["Location"])
        if origin(str(there)) != origin(url):
            raise SentElsewhere(_bare(there))
        where = there
    raise Broken("server.endless")


async def _read(response: httpx2.Response, largest: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > largest:
            raise TooLarge
    return bytes(body)


def _bare(url: httpx2.URL) -> str:
    """The address as it may be shown: without what may be secret in it."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))


ATTEMPTS = 5
LONGEST_WAIT = 60.0  # seconds between two attempts, also where the server asks for more
_TICK = 0.1  # seconds between two chances to be stopped
_UNFIT = (400, 413, 451)
"""Statuses that refuse what was asked; another question may fare better."""


class QuestionRefused(ServerError):
    """This one question was refused: too long, or held against a rule. Others may be answered."""


@dataclass(frozen=True)
class Server:
    """Where the server is and what to call its model. `wait` is the first pause between attempts, in seconds;
    each later one is twice as long. `timeout` is how long a whole reply may take, `largest` its bytes.
    """

    url: str
    model: str
    key: str = field(default="", repr=False)
    wait: float = 1.0
    timeout: float = 300.0
    largest: int = LARGEST_REPLY


@dataclass(frozen=True)
class Replied:
    """What the server's model said. `finish` is the protocol's reason for its end: stop, length, …

    `instead` says that there was something beside the text: reasoning, or the words of a refusal. `tokens`
    is how many the server counts in it, 0 where it tells nothing.
    """

    text: str
    finish: str = ""
    instead: str = ""
    tokens: int = 0


type Reply = Generator[None, None, Replied]
type ChatTurns = Sequence[dict[str, str]]


@contextmanager
def connected(server: Server) -> Iterator[Callable[[ChatTurns, int, float, int], Reply]]:
    """A function (turns, max tokens, temperature, seed) that asks the server; it yields while it waits.

    A reply that is not waited for to its end is broken off. Raises ServerError with what to do, and
    QuestionRefused where only this question is at fault.
    """
    if fault := fault_in(server.url):
        raise ServerError("server.no_address", fault=fault)
    headers = {"Accept-Encoding": "identity"}  # what is counted is what comes
    if key := checked(server.key):
        headers["Authorization"] = f"Bearer {key}"
    timeout = httpx2.Timeout(server.timeout, connect=min(10.0, server.timeout))
    with asyncio.Runner() as runner:
        client = httpx2.AsyncClient(headers=headers, timeout=timeout, follow_redirects=False)

        def ask(turns: ChatTurns, max_tokens: int, temperature: float, seed: int) -> Reply:
            asked = {"model": server.model, "messages": list(turns), "max_tokens": max_tokens}
            asked |= {"temperature": temperature, "seed": seed}
            return _waiting(runner.get_loop(), _reply(server, client, asked))

        try:
            yield ask
        finally:
            runner.run(client.aclose())


def _waiting(loop: asyncio.AbstractEventLoop, work: Any) -> Reply:
    task: asyncio.Task[Replied] = loop.create_task(work)
    try:
        while not task.done():
            yield
            loop.run_until_complete(asyncio.wait({task}, timeout=_TICK))
    finally:
        if not task.done():
            task.cancel()
            loop.run_until_complete(asyncio.wait({task}))
        elif not task.cancelled():
            task.exception()  # it is known, also where nobody waits for it any more
    return task.result()


async def _reply(server: Server, client: httpx2.AsyncClient, asked: dict[str, Any]) -> Replied:
    fault: Phrase | None = None
    for attempt in range(ATTEMPTS):
        pause = server.wait * 2**attempt
        try:
            async with asyncio.timeout(server.timeout):  # from the first byte sent to the last that comes
                reply = await posted(client, endpoint(server.url), asked, server.largest)
            if reply.fine:
                return _content(reply)
            if not _may_pass(reply, asked):
                raise _refusal(server, reply)
            fault = phrase("server.answered", status=reply.status, reason=_words(server, reply))
            pause = _asked_pause(reply, pause)
        except Broken as error:
            fault = error.phrase
        except TimeoutError:
            fault = _too_slow(server)
        except (httpx2.HTTPError, httpx2.InvalidURL, SentElsewhere, TooLarge) as error:
            fault = _passing(server, error)
        if attempt < ATTEMPTS - 1:
            await asyncio.sleep(min(pause, LONGEST_WAIT))
    raise ServerError("server.no_reply", server=server.url, attempts=ATTEMPTS, fault=fault)


def _too_slow(server: Server) -> Phrase:
    return phrase("server.too_slow", seconds=f"{server.timeout:g}")


_OUT_OF_REACH = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
"""What macOS gives for a server in the local network until the person lets the app use that, too."""


def _is_out_of_reach(error: BaseException | None) -> bool:
    """Whether no way led to the machine, whatever this was wrapped in."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _OUT_OF_REACH:
            return True
        error = error.__cause__ or error.__context__
    return False


def _passing(server: Server, error: Exception) -> Phrase:
    """What may be better at the next attempt. Raises ServerError for what will not."""
    match error:
        case SentElsewhere(where=where):
            said = phrase("server.elsewhere", server=server.url, where=where)
        case TooLarge():
            said = phrase("server.too_large", server=server.url, size=file_size(server.largest))
        case httpx2.ConnectError() if _is_out_of_reach(error):
            said = phrase("server.out_of_reach", server=server.url)
        case httpx2.ConnectError():
            said = phrase("server.silent", server=server.url)
        case httpx2.TimeoutException():
            return _too_slow(server)
        case httpx2.TransportError() | httpx2.DecodingError():
            return phrase("server.closed")
        case _:
            said = phrase("server.impossible", server=server.url, fault=redacted(str(error), server.key))
    raise ServerError(said) from error


def _content(reply: Posted) -> Replied:
    try:
        choice = reply.document()["choices"][0]
        message = choice["message"]
        finish = str(choice.get("finish_reason") or "")
        instead = next((name for name in _INSTEAD if message.get(name)), "")
        return Replied(_text(message.get("content")), finish, instead, _written(reply))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Broken("server.no_completion") from error


def _written(reply: Posted) -> int:
    """The tokens that the server counts in its reply; of none, or of what is no number, 0."""
    usage = reply.document().get("usage")
    count = usage.get("completion_tokens") if isinstance(usage, dict) else 0
    return count if isinstance(count, int) and count > 0 else 0


_INSTEAD = ("refusal", "reasoning_content", "reasoning")


def _text(content: Any) -> str:
    """The text of a message, which may come in parts."""
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _may_pass(reply: Posted, asked: dict[str, Any]) -> bool:
    """Whether it is worth asking again; a setting that the server does not know is left out of `asked`."""
    if reply.status in (408, 409, 425, 429) or reply.status >= 500:
        return True
    name = reply.error.get("param")
    if reply.status == 400 and name in ("max_tokens", "temperature", "seed") and name in asked:
        value = asked.pop(name)
        if name == "max_tokens":  # newer models of OpenAI's own call it so
            asked["max_completion_tokens"] = value
        return True
    return False


def _asked_pause(reply: Posted, pause: float) -> float:
    if reply.status == 400:
        return 0.0
    try:
        return max(0.0, float(reply.headers["Retry-After"]))
    except (KeyError, ValueError):
        return pause


def _refusal(server: Server, reply: Posted) -> ServerError:
    reason = _words(server, reply)
    match reply.status:
        case 401 | 403:
            none = phrase("server.no_key_sent", key=KEY_VARIABLE, address=URL_VARIABLE)
            return ServerError(
                "server.key_refused", server=server.url, reason=reason, more="" if server.key else none
            )
        case 404:
            return ServerError("server.no_model", server=server.url, model=server.model, reason=reason)
        case status:
            kind = QuestionRefused if status in _UNFIT else ServerError
            return kind("server.refused", server=server.url, status=status, reason=reason)


def _words(server: Server, reply: Posted) -> str:
    message = redacted(str(reply.error.get("message") or ""), server.key)
    reason = " ".join(message.split())[:200].rstrip(".")
    return f" (“{reason}”)" if reason else ""
