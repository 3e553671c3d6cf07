"""The gateway's schema, version by version; run by `shared.migrations`."""

from pathlib import Path

FOLDER = Path(__file__).parent
