"""The cache of truths and definitions: right bytes or none, bounded, and no leftovers."""

import os
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.stack.addresses import Addresses
from services.scorer.cache import LEFTOVER_SECONDS, Cache
from shared import keys
from shared.clock import utc_now
from shared.digests import digest_of
from shared.errors import Missing
from shared.storage import Storage

KIND = keys.GROUND_TRUTH


def put(servers: Addresses, content: bytes) -> tuple[str, str]:
    """Publish `content`: its key and digest."""
    digest = digest_of(content)
    Storage(servers.storage_address("publish")).put(KIND, keys.truth_key(digest), content)
    return keys.truth_key(digest), digest


def cache_of(servers: Addresses, folder: Path, limit_bytes: int = 2**20) -> Cache:
    return Cache(Storage(servers.storage_address("scorer")), folder, limit_bytes, utc_now)


def read(cache: Cache, key: str, digest: str) -> bytes:
    with cache.open_kept(KIND, key, digest, 2**20) as file:
        return file.read()


def test_what_was_fetched_once_is_read_from_disk(servers: Addresses, tmp_path: Path) -> None:
    content = uuid4().bytes
    key, digest = put(servers, content)
    cache = cache_of(servers, tmp_path)
    assert read(cache, key, digest) == content
    Storage(servers.storage_address("publish")).delete(KIND, key)
    assert read(cache, key, digest) == content
    assert read(cache_of(servers, tmp_path), key, digest) == content


def test_spoiled_bytes_on_disk_are_fetched_again(servers: Addresses, tmp_path: Path) -> None:
    content = uuid4().bytes
    key, digest = put(servers, content)
    cache = cache_of(servers, tmp_path)
    read(cache, key, digest)
    (tmp_path / digest).write_bytes(b"x" * len(content))
    assert read(cache, key, digest) == content
    (tmp_path / digest).write_bytes(b"spoiled before we came")
    assert read(cache_of(servers, tmp_path), key, digest) == content


def test_the_files_wanted_longest_ago_leave_first(servers: Addresses, tmp_path: Path) -> None:
    contents = [os.urandom(400) for _ in range(4)]
    published = [put(servers, content) for content in contents]
    cache = cache_of(servers, tmp_path, limit_bytes=1000)
    for key, digest in (published[0], published[1], published[0], published[2]):
        read(cache, key, digest)
    assert {path.name for path in tmp_path.iterdir()} == {published[0][1], published[2][1]}


def test_a_file_for_one_use_has_no_name(servers: Addresses, tmp_path: Path) -> None:
    content = uuid4().bytes
    key, digest = put(servers, content)
    cache = cache_of(servers, tmp_path)
    with cache.open_once(KIND, key, digest, 2**20) as file:
        assert list(tmp_path.iterdir()) == []
        assert file.read() == content


def test_a_failed_download_leaves_nothing(servers: Addresses, tmp_path: Path) -> None:
    cache = cache_of(servers, tmp_path)
    with pytest.raises(Missing):
        cache.open_kept(KIND, keys.truth_key("0" * 64), "0" * 64, 2**20)
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_scorer_left_is_removed_at_the_next_start(servers: Addresses, tmp_path: Path) -> None:
    old, young = tmp_path / "incoming-old", tmp_path / "incoming-young"
    for path in (old, young):
        path.touch()
    long_ago = (utc_now() - timedelta(seconds=LEFTOVER_SECONDS + 60)).timestamp()
    os.utime(old, (long_ago, long_ago))
    cache_of(servers, tmp_path)
    assert list(tmp_path.iterdir()) == [young]
