"""Where submitted files are read: one locked-down process per file, forked from a warm parent without credentials.

worker (asyncio, credentials) ──descriptors──▶ warm parent (no credentials, namespaces) ──fork──▶ child (seccomp)
     ◀───────────── stages, report ────────────────────────────────────────────────────────────────┘
     ◀───────────── how it ended ──────────────┘
"""

from services.scorer.sandbox.brief import Bounds, Brief, CheckBrief
from services.scorer.sandbox.door import Files, Sandbox
from services.scorer.sandbox.endings import Crashed, Exhausted, Interrupted, SandboxBroken

__all__ = [
    "Bounds",
    "Brief",
    "CheckBrief",
    "Crashed",
    "Exhausted",
    "Files",
    "Interrupted",
    "Sandbox",
    "SandboxBroken",
]
