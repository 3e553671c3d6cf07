"""Docker Compose, as the rehearsal speaks to it: one project of its own, from the repository's docker-compose.yml."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.demo.telling import Failed

ROOT = Path(__file__).resolve().parents[2]

LAST_LINES = 25
"""Of what a command said, shown when it fails."""


class NoEngine(Exception):
    """There is no container engine here, or no Compose."""


class Compose:
    """The commands of one project, whose gateway listens at `listen` (`127.0.0.1:PORT`)."""

    def __init__(self, project: str, listen: str) -> None:
        self.listen = listen
        self._command = ("docker", "compose", "--project-directory", str(ROOT), "--project-name", project)
        # Also the address that teams know, whatever the operator's own `.env` says.
        self._environment = {"HOLDOUT_LISTEN": listen, "HOLDOUT_GATEWAY_PUBLIC_URL": f"http://{listen}"}

    def __call__(self, *arguments: str) -> str:
        """What `docker compose ARGUMENTS` prints; raises `Failed` with its last lines when it fails."""
        return said((*self._command, *arguments), self._environment)

    def inside(self, service: str, script: str) -> str:
        """What a Python script prints that runs in the container of `service`."""
        return self("exec", "-T", service, "python", "-c", script).strip()

    def containers(self, *services: str) -> list[dict[str, Any]]:
        """The long-running containers of these services, or of all, as the engine describes them."""
        ids = self("ps", "--quiet", *services).split()
        return describe(*ids)

    def popen(self, container: str, script: str) -> "subprocess.Popen[str]":
        """A Python script that runs in a container as long as it likes, with its lines in and out."""
        command = ("docker", "exec", "-i", container, "python", "-c", script)
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(command: tuple[str, ...], environment: Mapping[str, str] | None = None) -> str:
    """What a command prints; raises `Failed` when it fails."""
    told = dict(os.environ) | dict(environment or {})
    done = subprocess.run(command, cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).splitlines()[-LAST_LINES:]
        raise Failed("\n      ".join([f"`{' '.join(command)}` failed:", *lines]))
    return done.stdout


def describe(*names: str) -> list[dict[str, Any]]:
    """What the engine knows of containers or images."""
    described: list[dict[str, Any]] = json.loads(said(("docker", "inspect", *names)))
    return described


def need_engine() -> str:
    """The versions of engine and Compose; raises `NoEngine` with what to do when one is missing."""
    try:
        engine = said(("docker", "version", "--format", "{{.Server.Version}}")).strip()
        compose = said(("docker", "compose", "version", "--short")).strip()
    except (OSError, Failed) as error:
        raise NoEngine(
            f"this needs a running Docker Engine (20.10 or newer) with Compose (2.24 or newer):\n  {error}"
        ) from error
    return f"Docker Engine {engine}, Compose {compose}"
