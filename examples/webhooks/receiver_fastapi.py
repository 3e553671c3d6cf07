# /// script
# requires-python = ">=3.11"
# dependencies = ["fastapi>=0.115", "standardwebhooks>=1.0,<2", "uvicorn>=0.34"]
# ///
"""Receives Holdout's webhooks with FastAPI, and checks them with the published library of Standard Webhooks.

    HOLDOUT_WEBHOOK_SECRET=whsec_… python receiver_fastapi.py [PORT]

Prints each event once, as one line of JSON; which were taken is kept in the SQLite file HOLDOUT_EVENTS (events.db).
"""

import json
import os
import sqlite3
import sys
from contextlib import closing, suppress
from typing import Annotated

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from standardwebhooks import Webhook, WebhookVerificationError

MOST_BYTES = 64 * 1024
# Two secrets with a space between, while one is changed over.
SECRETS = [Webhook(secret) for secret in os.environ["HOLDOUT_WEBHOOK_SECRET"].split()]
EVENTS = os.environ.get("HOLDOUT_EVENTS", "events.db")

app = FastAPI(openapi_url=None)


async def signed_body(request: Request) -> bytes:
    """The raw bytes, which are signed: any JSON parser comes later. Refuses what Holdout did not sign just now."""
    body = b""
    async for block in request.stream():
        body += block
        if len(body) > MOST_BYTES:
            raise HTTPException(413)
    for secret in SECRETS:
        # ValueError: the library's word for a header, or bytes, of no sense at all.
        with suppress(WebhookVerificationError, ValueError):
            secret.verify(body, dict(request.headers))
            return body
    raise HTTPException(400, "not signed by Holdout, or too old")


@app.post("/", status_code=204)
def receive(request: Request, body: Annotated[bytes, Depends(signed_body)]) -> None:
    """Take each event once: a delivery that is tried again has the same id. Answer within 20 seconds."""
    message = request.headers["webhook-id"]
    # The work that the event asks for belongs into the transaction that remembers its id.
    with closing(sqlite3.connect(EVENTS)) as database, database:
        database.execute("CREATE TABLE IF NOT EXISTS taken (id TEXT PRIMARY KEY)")
        if database.execute("INSERT OR IGNORE INTO taken VALUES (?)", [message]).rowcount:
            print(json.dumps({"id": message, **json.loads(body)}), flush=True)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]) if len(sys.argv) > 1 else 8090, access_log=False)
