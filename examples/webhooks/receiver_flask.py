# /// script
# requires-python = ">=3.11"
# dependencies = ["flask>=3.1", "standardwebhooks>=1.0,<2"]
# ///
"""Receives Holdout's webhooks with Flask, and checks them with the published library of Standard Webhooks.

    HOLDOUT_WEBHOOK_SECRET=whsec_… python receiver_flask.py [PORT]

Prints each event once, as one line of JSON; which were taken is kept in the SQLite file HOLDOUT_EVENTS (events.db).
"""

import json
import os
import sqlite3
import sys
from contextlib import closing, suppress

from flask import Flask, Response, abort, request
from standardwebhooks import Webhook, WebhookVerificationError
from werkzeug.serving import make_server

# Two secrets with a space between, while one is changed over.
SECRETS = [Webhook(secret) for secret in os.environ["HOLDOUT_WEBHOOK_SECRET"].split()]
EVENTS = os.environ.get("HOLDOUT_EVENTS", "events.db")

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 64 * 1024


@app.post("/")
def receive() -> Response:
    """Take each event once: a delivery that is tried again has the same id. Answer within 20 seconds."""
    # The raw bytes are signed: any JSON parser comes later.
    body = request.get_data()
    if not any(signed(secret, body) for secret in SECRETS):
        abort(400, "not signed by Holdout, or too old")
    message = request.headers["webhook-id"]
    # The work that the event asks for belongs into the transaction that remembers its id.
    with closing(sqlite3.connect(EVENTS)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS taken (id TEXT PRIMARY KEY)")
        if database.execute("INSERT OR IGNORE INTO taken VALUES (?)", [message]).rowcount:
            print(json.dumps({"id": message, **json.loads(body)}), flush=True)
    return Response(status=204)


def signed(secret: Webhook, body: bytes) -> bool:
    """Whether `secret` signed this request within the last five minutes."""
    # ValueError: the library's word for a header, or bytes, of no sense at all.
    with suppress(WebhookVerificationError, ValueError):
        secret.verify(body, dict(request.headers.items()))
        return True
    return False


if __name__ == "__main__":
    # Flask's own server, for a trial; `gunicorn receiver_flask:app` for good.
    server = make_server("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8090, app, threaded=True)
    print(f"listening on {server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()
