"""What a job needs, from S3 or the cache to open files; the first step of every job."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from functools import partial
from typing import BinaryIO

from services.scorer.cache import Cache
from services.scorer.sandbox import Files
from shared import keys
from shared.challenge import Challenge
from shared.digests import Digest
from shared.messages import FileJob, Job

DEFINITION_BYTES = 64 * 2**20
"""1,860 synsets are 250 kB; a hierarchy of all 82,115 WordNet nouns is 12 MB."""

TRUTH_BYTES = 4 * 2**30
"""Far above any: the largest are segmentation masks."""


class Fetcher:
    """Opens the files of jobs. Raises `Missing`, `Broken` and `Unavailable` as the storage does."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    @contextlib.asynccontextmanager
    async def files(self, job: FileJob) -> AsyncIterator[Files]:
        """The three files, fetched at the same time; closed in the end, and the submission is gone with it.

        A dry run has no truth: nothing stands in its place.
        """
        truth = partial(self._truth, job.truth) if isinstance(job, Job) else _nothing
        fetched = await asyncio.gather(
            asyncio.to_thread(self._submission, job),
            asyncio.to_thread(truth),
            asyncio.to_thread(self._definition, job.definition),
            return_exceptions=True,
        )
        with contextlib.ExitStack() as closing:
            files = [closing.enter_context(file) for file in fetched if not isinstance(file, BaseException)]
            for problem in fetched:
                if isinstance(problem, BaseException):
                    raise problem
            yield Files(*(file.fileno() for file in files))

    def definition(self, digest: Digest) -> Challenge:
        """The definition, read. Blocks."""
        with self._definition(digest) as file:
            return Challenge.model_validate_json(file.read())

    def _submission(self, job: FileJob) -> BinaryIO:
        return self._cache.open_once(keys.SUBMISSIONS, job.submission_key, job.submission_digest, job.submission_bytes)

    def _truth(self, digest: Digest) -> BinaryIO:
        return self._cache.open_kept(keys.GROUND_TRUTH, keys.truth_key(digest), digest, TRUTH_BYTES)

    def _definition(self, digest: Digest) -> BinaryIO:
        return self._cache.open_kept(keys.GROUND_TRUTH, keys.definition_key(digest), digest, DEFINITION_BYTES)


def _nothing() -> BinaryIO:
    return open(os.devnull, "rb")
