#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = []
# ///
"""Receives Holdout's webhooks with nothing but Python's standard library.

    HOLDOUT_WEBHOOK_SECRET=whsec_… python receiver.py [PORT]

Prints each event once, as one line of JSON. Serve it behind a reverse proxy that brings https.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from collections.abc import Sequence
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
MOST_BYTES = 64 * 1024


def verify(secrets: Sequence[str], headers: Message, body: bytes, now: float) -> str:
    """The event's id; raises ValueError unless one of `secrets` signed `body` within five minutes of `now`."""
    message, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message or not at.isdecimal() or abs(now - int(at[:15])) > TOLERANCE_SECONDS:
        raise ValueError("a header is missing, or the timestamp is too old or too new")
    signed = f"{message}.{at}.".encode() + body
    keys = [base64.b64decode(secret.removeprefix("whsec_")) for secret in secrets]
    mine = [b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    # The header is a list: while a secret is changed over, both sign.
    offered = headers.get("webhook-signature", "").encode().split()
    matches = [hmac.compare_digest(ours, theirs) for ours in mine for theirs in offered]
    if not any(matches):
        raise ValueError("not signed by us")
    return message


class Receiver(BaseHTTPRequestHandler):
    """Takes each event once: a delivery that is tried again has the same id. Keep the ids in your database."""

    timeout = 20
    secrets: Sequence[str] = ()
    seen: set[str] = set()

    def do_POST(self) -> None:
        """Answer 204 to what was taken, 400 to what is not from Holdout."""
        length = self.headers.get("content-length", "")
        try:
            if not length.isdecimal() or int(length) > MOST_BYTES:
                raise ValueError("too large, or of no known length")
            body = self.rfile.read(int(length))
            message = verify(self.secrets, self.headers, body, time.time())
        except ValueError as error:
            self.log_error("refused: %s", error)
            self._answer(400)
            return
        if message not in self.seen:
            sys.stdout.write(json.dumps({"id": message, **json.loads(body)}) + "\n")
            sys.stdout.flush()
            self.seen.add(message)
        self._answer(204)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


if __name__ == "__main__":
    Receiver.secrets = os.environ["HOLDOUT_WEBHOOK_SECRET"].split()
    with ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8090), Receiver) as server:
        sys.stderr.write(f"listening on {server.server_port}\n")
        server.serve_forever()
