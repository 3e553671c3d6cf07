"""The sockets of programs that listen, bound once and held by the supervisor, so that nobody who calls is refused.

Every process of the program takes from the same socket: a successor beside its forerunner, until that one lets go. While
there is no process, callers wait in the socket's queue for the next.
"""

import socket

from deploy.stack.ports import HOST
from deploy.stack.problem import Trouble

BACKLOG = 2048
"""As many callers wait; Linux cuts it to net.core.somaxconn, usually 4096."""


def listen(name: str, port: int) -> socket.socket:
    """A listening socket on `port`, for the program `name`."""
    try:
        return socket.create_server((HOST, port), backlog=BACKLOG)
    except OSError as error:
        raise Trouble(
            f"{name} cannot listen on port {port}: {error.strerror}",
            f"stop what listens there, or give another with --{name}-port",
        ) from error
