"""Replies from an OpenAI-compatible server: asked patiently, stopped at once, its refusals in plain words."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from studio.errors import StudioError

KEYS = "Tuning Studio"
"""Under which name the system's keychain keeps the servers' keys."""

KEY_VARIABLE = "STUDIO_SERVER_KEY"
"""The environment variable that is asked before the keychain."""

ATTEMPTS = 5
LONGEST_WAIT = 60.0  # seconds between two attempts, also where the server asks for more
_TICK = 0.1  # seconds between two chances to be stopped


class ServerError(StudioError):
    """A server that cannot be reached or does not answer as it should."""

    bad_request = True


@dataclass(frozen=True)
class Server:
    """Where the server is and what to call its model. `wait` is the first pause between attempts, in seconds;
    each later one is twice as long. `timeout` is how long a reply may take.
    """

    url: str
    model: str
    key: str = ""
    wait: float = 1.0
    timeout: float = 300.0

    @property
    def endpoint(self) -> str:
        return f"{self.url.rstrip('/').removesuffix('/chat/completions')}/chat/completions"


type Reply = Generator[None, None, str]
type Turns = Sequence[dict[str, str]]


def server_key(url: str) -> str:
    """The key for this server from the environment or the keychain, or an empty string."""
    if key := os.environ.get(KEY_VARIABLE):
        return key
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYS, url.rstrip("/")) or ""
    except KeyringError:
        return ""  # no keychain here: a local server needs no key, and another one will say so


def keep_key(url: str, key: str) -> None:
    """Put the key for this server into the system's keychain. Raises ServerError where there is none."""
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(KEYS, url.rstrip("/"), key)
    except KeyringError as error:
        raise ServerError(f"The keychain took no key ({error}). Set {KEY_VARIABLE} instead.") from error


@contextmanager
def connected(server: Server) -> Iterator[Callable[[Turns, int, float, int], Reply]]:
    """A function (turns, max tokens, temperature, seed) that asks the server; it yields while it waits.

    A reply that is not waited for to its end is broken off. Raises ServerError with what to do.
    """
    if not server.url.startswith(("http://", "https://")):
        raise ServerError(f"{server.url!r} is no server's address; it begins with http:// or https://.")
    headers = {"Authorization": f"Bearer {server.key}"} if server.key else {}
    timeout = httpx2.Timeout(server.timeout, connect=min(10.0, server.timeout))
    with asyncio.Runner() as runner:
        client = httpx2.AsyncClient(headers=headers, timeout=timeout, follow_redirects=True)

        def ask(turns: Turns, max_tokens: int, temperature: float, seed: int) -> Reply:
            asked = {"model": server.model, "messages": list(turns), "max_tokens": max_tokens}
            asked |= {"temperature": temperature, "seed": seed}
            return _waiting(runner.get_loop(), _reply(server, client, asked))

        try:
            yield ask
        finally:
            runner.run(client.aclose())


def _waiting(loop: asyncio.AbstractEventLoop, work: Any) -> Reply:
    task = loop.create_task(work)
    try:
        while not task.done():
            yield
            loop.run_until_complete(asyncio.wait({task}, timeout=_TICK))
    finally:
        if not task.done():
            task.cancel()
            loop.run_until_complete(asyncio.wait({task}))
    return str(task.result())


async def _reply(server: Server, client: httpx2.AsyncClient, asked: dict[str, Any]) -> str:
    fault = ""
    for attempt in range(ATTEMPTS):
        pause = server.wait * 2**attempt
        try:
            response = await client.post(server.endpoint, json=asked)
            if response.is_success:
                return _content(response)
            if not _may_pass(response, asked):
                raise _refusal(server, response)
            fault = f"it answered {response.status_code}{_words(response)}"
            pause = _asked_pause(response, pause)
        except _Broken as error:
            fault = str(error)
        except httpx2.ConnectError as error:
            raise ServerError(
                f"Nothing answers at {server.url}. Is the server running, and is this its address?"
            ) from error
        except httpx2.TimeoutException:
            fault = f"it took longer than {server.timeout:g} seconds"
        except (httpx2.TransportError, httpx2.DecodingError):
            fault = "it closed the connection"
        except (httpx2.InvalidURL, httpx2.HTTPError) as error:
            raise ServerError(f"{server.url} cannot be asked ({error}). Check the address.") from error
        if attempt < ATTEMPTS - 1:
            await asyncio.sleep(min(pause, LONGEST_WAIT))
    raise ServerError(
        f"The server at {server.url} gave no reply in {ATTEMPTS} attempts: {fault}. "
        "What was made is kept; go on when it works again."
    )


class _Broken(Exception):
    """A reply that is not what the protocol says."""


def _content(response: httpx2.Response) -> str:
    try:
        content = response.json()["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError) as error:
        raise _Broken("its reply is not an OpenAI chat completion") from error
    return content if isinstance(content, str) else ""


def _may_pass(response: httpx2.Response, asked: dict[str, Any]) -> bool:
    """Whether it is worth asking again; a setting that the server does not know is left out of `asked`."""
    if response.status_code in (408, 409, 425, 429) or response.status_code >= 500:
        return True
    name = _error(response).get("param")
    if response.status_code == 400 and name in ("max_tokens", "temperature", "seed") and name in asked:
        value = asked.pop(name)
        if name == "max_tokens":  # newer models of OpenAI's own call it so
            asked["max_completion_tokens"] = value
        return True
    return False


def _asked_pause(response: httpx2.Response, pause: float) -> float:
    if response.status_code == 400:
        return 0.0
    try:
        return max(0.0, float(response.headers["Retry-After"]))
    except (KeyError, ValueError):
        return pause


def _refusal(server: Server, response: httpx2.Response) -> ServerError:
    match response.status_code:
        case 401 | 403:
            what = (
                f"The server at {server.url} did not take the key{_words(response)}. Enter its API key again."
            )
        case 404:
            what = (
                f"The server at {server.url} knows no model “{server.model}”, or the address is not whole "
                f"(most end in /v1){_words(response)}."
            )
        case code:
            what = f"The server at {server.url} refused with {code}{_words(response)}."
    return ServerError(what)


def _error(response: httpx2.Response) -> dict[str, Any]:
    try:
        found = response.json()["error"]
    except (ValueError, LookupError, TypeError):
        return {}
    return found if isinstance(found, dict) else {"message": found}


def _words(response: httpx2.Response) -> str:
    said = " ".join(str(_error(response).get("message") or "").split())[:200].rstrip(".")
    return f" (“{said}”)" if said else ""
