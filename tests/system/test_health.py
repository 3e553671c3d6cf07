"""The question that a container engine asks a service, put to a real stack: healthy when it works, and only then."""

import os
import subprocess
import sys

import pytest

from deploy.stack.programs import ROOT
from tests.stacks import Stack

pytestmark = pytest.mark.system


def healthy(stack: Stack, *question: str, **settings: str) -> bool:
    told = dict(os.environ) | stack.environment("courier") | stack.environment("scorer") | settings
    command = (sys.executable, "-m", "deploy.containers.health", *question)
    return subprocess.run(command, cwd=ROOT, env=told, capture_output=True, check=False, timeout=60).returncode == 0


def test_a_web_service_is_healthy_when_it_is_ready(stack: Stack) -> None:
    assert healthy(stack, "web", str(stack.addresses.ports["gateway"]))
    assert not healthy(stack, "web", str(stack.addresses.ports["valkey"]))
    assert not healthy(stack, "web", "9")


def test_a_courier_is_healthy_when_it_listens_for_bells(stack: Stack) -> None:
    assert healthy(stack, "courier")
    # Quota's database is as good as any where no courier listens.
    assert not healthy(stack, "courier", HOLDOUT_GATEWAY_DATABASE_URL=stack.addresses.database_url("quota"))
    assert not healthy(stack, "courier", HOLDOUT_GATEWAY_DATABASE_URL="postgresql://a:b@127.0.0.1:9/c")


def test_a_scorer_is_healthy_when_it_has_signed_on_at_the_queue(stack: Stack) -> None:
    assert healthy(stack, "scorer", HOLDOUT_SCORER_NAME="scorer-1")
    assert not healthy(stack, "scorer", HOLDOUT_SCORER_NAME="nobody")
    assert not healthy(stack, "scorer", HOLDOUT_SCORER_NAME="scorer-1", HOLDOUT_SCORER_REDIS_PASSWORD="wrong")
