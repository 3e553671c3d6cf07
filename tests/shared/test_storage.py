"""S3 on a real server: limits, digests, and errors that say whose fault it is."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import boto3
import pytest

from deploy.stack.addresses import Addresses
from shared import keys
from shared.digests import digest_of
from shared.errors import Broken, Missing, TooLarge, Unavailable
from shared.storage import PART_BYTES, Storage, StorageAddress

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.fixture
def storage(servers: Addresses) -> Storage:
    return Storage(servers.storage_address("gateway"))


@pytest.fixture
def key() -> str:
    return keys.submission_key(uuid4(), uuid4())


def test_what_is_put_is_read_and_deleted(storage: Storage, key: str) -> None:
    storage.put(keys.SUBMISSIONS, key, b"content")
    assert storage.read(keys.SUBMISSIONS, key, 7) == b"content"
    assert storage.exists(keys.SUBMISSIONS, key)
    assert list(storage.keys(keys.SUBMISSIONS, key)) == [key]
    storage.delete(keys.SUBMISSIONS, key)
    assert not storage.exists(keys.SUBMISSIONS, key)
    storage.delete(keys.SUBMISSIONS, key)


def test_what_is_below_a_prefix_is_deleted_and_its_neighbours_are_not(storage: Storage, key: str) -> None:
    for name in (key, f"{key}.parts/1", f"{key}.parts/2", f"{key}.partsof/1"):
        storage.put(keys.SUBMISSIONS, name, b"content")
    for _ in range(2):
        storage.delete_below(keys.SUBMISSIONS, f"{key}.parts/")
        assert list(storage.keys(keys.SUBMISSIONS, key)) == [key, f"{key}.partsof/1"]


def test_an_object_above_the_limit_is_not_read(storage: Storage, key: str, tmp_path: Path) -> None:
    storage.put(keys.SUBMISSIONS, key, b"content")
    with pytest.raises(TooLarge):
        storage.read(keys.SUBMISSIONS, key, 6)
    with pytest.raises(TooLarge):
        storage.fetch(keys.SUBMISSIONS, key, tmp_path / "file", digest_of(b"content"), 6)
    assert list(tmp_path.iterdir()) == []


def test_a_fetched_file_has_its_digest_or_is_not_there(storage: Storage, key: str, tmp_path: Path) -> None:
    content = os.urandom(3 * 2**20)
    storage.put(keys.SUBMISSIONS, key, content)
    storage.fetch(keys.SUBMISSIONS, key, tmp_path / "good", digest_of(content), len(content))
    assert (tmp_path / "good").read_bytes() == content
    with pytest.raises(Broken, match="digest-differs"):
        storage.fetch(keys.SUBMISSIONS, key, tmp_path / "bad", digest_of(b"other"), len(content))
    assert [path.name for path in tmp_path.iterdir()] == ["good"]


def test_a_missing_object_is_missing(storage: Storage, key: str, tmp_path: Path) -> None:
    with pytest.raises(Missing):
        storage.read(keys.SUBMISSIONS, key, 1)
    with pytest.raises(Missing):
        storage.fetch(keys.SUBMISSIONS, key, tmp_path / "file", "0" * 64, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [0, 1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES + 5])
def test_an_upload_of_any_size_arrives_whole(storage: Storage, key: str, size: int) -> None:
    content = os.urandom(size)
    upload = storage.upload(keys.SUBMISSIONS, key)
    for start in range(0, size, 3 * 2**20):
        upload.write(content[start : start + 3 * 2**20])
    assert not storage.exists(keys.SUBMISSIONS, key)
    upload.finish()
    assert digest_of(storage.read(keys.SUBMISSIONS, key, size)) == digest_of(content)


def test_an_upload_that_nobody_finished_is_aborted_and_its_neighbour_is_not(storage: Storage, key: str) -> None:
    for name in (key, key + "-neighbour"):
        storage.upload(keys.SUBMISSIONS, name).write(os.urandom(PART_BYTES + 1))
    assert storage.abort_uploads(keys.SUBMISSIONS, key) == 1
    assert storage.abort_uploads(keys.SUBMISSIONS, key) == 0
    assert storage.abort_uploads(keys.SUBMISSIONS, key + "-neighbour") == 1
    assert not storage.exists(keys.SUBMISSIONS, key)


@pytest.mark.parametrize(
    ("identity", "bucket"),
    [
        ("gateway", keys.GROUND_TRUTH),
        ("scorer", keys.SUBMISSIONS),
        ("scorer", keys.GROUND_TRUTH),
        ("publish", keys.SUBMISSIONS),
        ("publish", keys.REPORTS),
    ],
)
def test_what_an_identity_may_not_write_is_our_mistake_and_not_the_weather(
    servers: Addresses, identity: str, bucket: str
) -> None:
    with pytest.raises(Broken, match="storage-denied") as caught:
        Storage(servers.storage_address(identity)).put(bucket, "trial", b"")
    assert not isinstance(caught.value, Unavailable)


def test_the_gateway_cannot_read_the_truth(servers: Addresses, storage: Storage) -> None:
    Storage(servers.storage_address("publish")).put(keys.GROUND_TRUTH, keys.truth_key("1" * 64), b"secret")
    with pytest.raises(Broken, match="storage-denied"):
        storage.read(keys.GROUND_TRUTH, keys.truth_key("1" * 64), 100)


def test_a_server_that_is_away_is_unavailable(servers: Addresses) -> None:
    nowhere = Storage(replace(servers.storage_address("gateway"), endpoint="http://127.0.0.1:9"))
    with pytest.raises(Unavailable):
        nowhere.read(keys.SUBMISSIONS, "key", 1)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "cn-north-1", "garage", "auto"])
@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9000", "https://s3.eu-central-1.amazonaws.com"])
def test_requests_go_where_amazon_s_own_list_of_endpoints_sends_them(endpoint: str, region: str) -> None:
    """Host, path, region and service, which is what is signed; the list that is read at run time is a short one."""
    ours = Storage(StorageAddress(endpoint, "key", "secret", region))._client
    plain = boto3.Session().client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        region_name=region,
        config=ours.meta.config,
    )
    assert sent_to(ours) == sent_to(plain)


def test_amazon_s_other_kinds_of_endpoints_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("DUALSTACK", "FIPS"):
        monkeypatch.setenv(f"AWS_USE_{kind}_ENDPOINT", "true")
    netloc, *_ = sent_to(Storage(StorageAddress("http://127.0.0.1:9000", "key", "secret"))._client)
    assert netloc == "127.0.0.1:9000"


def sent_to(client: "S3Client") -> tuple[str, str, list[str]]:
    """Where a client asks for an object, and as whom: key, region, service; not when."""
    address = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "a/key"}))
    key, _, *scope = parse_qs(address.query)["X-Amz-Credential"][0].split("/")
    return address.netloc, address.path, [key, *scope]
