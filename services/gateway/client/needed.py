"""The one thing that must be installed; says so where it is not."""

import sys

try:
    import httpx as httpx
except ImportError:
    print("this client needs httpx: `pip install httpx`, or run it as `uv run client.py …`", file=sys.stderr)
    raise SystemExit(2) from None
