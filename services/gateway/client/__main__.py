# /// script
# requires-python = ">=3.11"
# dependencies = ["httpx>=0.28,<0.29"]
# ///
"""Holdout's command-line client: submit predictions, one model or many, wait for the outcome, read reports and boards.

    uv run client.py submit predictions.txt --challenge ilsvrc2012 --task classification --split test
    uv run client.py zoo predictions/ --challenge ilsvrc2012 --task classification --split validation
    python client.py leaderboard ilsvrc2012 classification test        (needs: pip install httpx)

It stands alone, and knows the server by its HTTP API only.
"""

from services.gateway.client.running import main

if __name__ == "__main__":
    raise SystemExit(main())
