"""The ledger's tables, version by version; run by `shared.migrations`."""

from pathlib import Path

FOLDER = Path(__file__).parent
