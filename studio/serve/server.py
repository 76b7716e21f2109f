"""The server itself: a socket on 127.0.0.1, and a thread of its own that listens until it is stopped."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from threading import Event as Flag
from threading import Thread

from studio.errors import StudioError
from studio.serve.exchange import RequestTally, ServerFigures, Submit
from studio.serve.offered import Offered

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PORT = 8321
_GRACE = 2  # seconds in which replies that are being sent may end, once it is stopped
_BACKLOG = 128


class LocalServer:
    """Serves what is offered from `start` to `stop`; jobs are performed by `submit`.

    `changed` is called on the server's thread after each request begins or ends, and when it ends itself.
    """

    def __init__(
        self,
        offered: Offered,
        submit: Submit,
        *,
        port: int = PORT,
        key: str = "",
        changed_base: bool = False,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._offered, self._submit, self._key = offered, submit, key
        self._changed_base, self._changed = changed_base, changed
        self._tally = RequestTally(changed)
        self._listens = Flag()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: Callable[[], None] = lambda: None
        self._thread: Thread | None = None
        self.port = port

    @property
    def address(self) -> str:
        """What clients call the base URL."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def figures(self) -> ServerFigures:
        """What it has done so far."""
        return self._tally.figures

    @property
    def runs(self) -> bool:
        """Whether it listens."""
        return self._thread is not None and self._thread.is_alive()

    def start(self, *, waits: bool = True) -> None:
        """Listen, on a free port where the port is 0. Raises StudioError where that cannot be.

        Else than that it may only begin to, a moment later, where nothing `waits` for it.
        """
        listening = _bound(self.port)
        self.port = listening.getsockname()[1]
        self._thread = Thread(target=self._serve, args=(listening,), name="serving")
        self._thread.start()
        if waits:
            self._listens.wait()

    def stop(self) -> None:
        """Listen no more: what is being answered is stopped, and the thread has left."""
        if self._thread is None:
            return
        self._listens.wait()
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._stop)
        self._thread.join()

    def _serve(self, listening: socket.socket) -> None:
        try:
            asyncio.run(self._listen(listening))
        except Exception:
            log.exception("The server ended")
        finally:
            listening.close()
            self._listens.set()
            self._changed()

    async def _listen(self, listening: socket.socket) -> None:
        import uvicorn

        from studio.serve.guard import Guard
        from studio.serve.service import Service

        service = Service(self._offered, self._submit, self._tally, changed_base=self._changed_base)
        config = uvicorn.Config(
            Guard(service.app, self.port, self._key),
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        server = uvicorn.Server(config)

        def stop() -> None:
            server.should_exit = True
            service.abandon()

        self._stop, self._loop = stop, asyncio.get_running_loop()
        self._loop.call_soon(self._listens.set)
        await server.serve(sockets=[listening])


def _bound(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise StudioError("serve.port_taken", port=port) from error
        fault = getattr(error, "strerror", None) or str(error)
        raise StudioError("serve.no_port", port=port, fault=fault) from error
    return listening
