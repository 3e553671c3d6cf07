"""Builds the scorer's clients and works jobs off. Called by `python -m services.scorer work`."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from services.scorer.cache import Cache
from services.scorer.checks import Checks
from services.scorer.fetch import Fetcher
from services.scorer.jobs import Jobs
from services.scorer.notices import Notices
from services.scorer.sandbox import Sandbox, SandboxBroken
from services.scorer.settings import ScorerSettings
from shared.clock import utc_now
from shared.logs import configure_logs
from shared.messages import CheckJob, Job
from shared.queue import Work, work_off
from shared.storage import Storage

NOTICE_TIMEOUT = httpx.Timeout(5.0, connect=1.0)
"""The gateway answers in milliseconds; when it does not, waiting longer helps nobody."""

FILES_PER_JOB = 3


def main() -> None:
    """Work until SIGTERM."""
    settings = ScorerSettings.from_environment()
    configure_logs(settings.log_style)
    try:
        asyncio.run(_work(settings))
    except SandboxBroken as error:
        raise SystemExit(str(error)) from error


async def _work(settings: ScorerSettings) -> None:
    threads = ThreadPoolExecutor(
        FILES_PER_JOB * (settings.slots + settings.check_slots) + 2, thread_name_prefix="storage"
    )
    asyncio.get_running_loop().set_default_executor(threads)
    storage = Storage(settings.storage_address())
    fetcher = Fetcher(Cache(storage, settings.cache_folder, settings.cache_bytes, utc_now))
    kernels_folder = settings.cache_folder / "kernels"
    sandbox = Sandbox(settings.bounds(), kernels_folder=kernels_folder, own_tasks=settings.own_tasks())
    async with httpx.AsyncClient(timeout=NOTICE_TIMEOUT, trust_env=False) as client:
        secret = settings.secret.get_secret_value()
        notices = Notices(client, settings.callback_url, secret, settings.name, utc_now)
        jobs, checks = Jobs(storage, fetcher, sandbox, notices), Checks(fetcher, sandbox, notices)
        works: list[Work[Any]] = [Work(Job, settings.plan(settings.slots), jobs.handle)]
        if settings.check_slots:
            works.append(Work(CheckJob, settings.plan(settings.check_slots), checks.handle))
        try:
            await sandbox.start()
            await work_off(settings.queue_address(), *works)
        finally:
            await notices.close()
            await sandbox.close()
