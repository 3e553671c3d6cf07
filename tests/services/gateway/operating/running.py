"""Running the operator's commands in processes of their own, as they are typed."""

import os
import subprocess
import sys
from collections.abc import Mapping

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from deploy.stack.programs import ROOT


def command(servers: Addresses, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`python -m services.gateway ARGUMENTS` under the operator's settings."""
    return command_under(environment("publish", servers) | settings, *arguments)


def command_under(settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """The same under these settings only."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HOLDOUT_")}
    return subprocess.run(
        [sys.executable, "-m", "services.gateway", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=clean | dict(settings),
        timeout=60,
    )
