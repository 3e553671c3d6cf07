"""S3 with limits and digests. The only door to boto3.

Every call blocks: async code runs it in a thread. Errors come out as `Missing` (no such object), `Broken` (we have not
the right: a mistake of set-up) or `Unavailable` (the server does not answer).
"""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, cast

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from shared.errors import Broken, Missing, TooLarge, Unavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, ObjectIdentifierTypeDef

PART_BYTES = 8 * 2**20
"""Upload parts: above S3's least (5 MiB); 10,000 of them reach 80 GiB; one is held in memory per upload."""

BLOCK_BYTES = 2**20
"""Read in blocks of this size."""

AS_IT_IS = "application/zstd"
"""What every object is called: SeaweedFS packs and unpacks what it does not take for packed already, which was more than
half of its work for a megabyte. Nobody reads it; the bytes are what was sent.
"""


class _Mode(TypedDict, total=False):
    ChecksumMode: Literal["ENABLED"]


@dataclass(frozen=True, slots=True)
class StorageAddress:
    """Where S3 is, and who we are there."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing names it; `mark` is another one when the object's bytes are (S3's ETag)."""

    key: str
    size_bytes: int
    mark: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An upload that S3 holds the parts of; `begun_at` by its clock."""

    key: str
    upload_id: str
    begun_at: datetime


class Storage:
    """One identity's view of S3. Thread-safe."""

    def __init__(self, address: StorageAddress) -> None:
        config = Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=2,
            read_timeout=30,
            retries={"mode": "standard", "max_attempts": 3},
            max_pool_connections=32,
            # We have an address: whatever the environment says of Amazon's other ones does not matter.
            use_dualstack_endpoint=False,
            use_fips_endpoint=False,
            # Submissions and truths have SHA-256 digests of their own, which `fetch` checks; `put` and `read` ask for more.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._client: S3Client = _session().client(
            "s3",
            endpoint_url=address.endpoint,
            aws_access_key_id=address.access_key,
            aws_secret_access_key=address.secret_key,
            region_name=address.region,
            config=config,
        )

    def put(self, bucket: str, key: str, data: bytes | bytearray) -> None:
        """Write one object whole."""
        with _translated(bucket, key):
            self._client.put_object(
                Bucket=bucket, Key=key, Body=_as_it_is(data), ContentType=AS_IT_IS, ChecksumAlgorithm="CRC32"
            )

    def read(self, bucket: str, key: str, limit_bytes: int) -> bytes:
        """One object whole; raises `TooLarge` above `limit_bytes`."""
        return b"".join(self.blocks(bucket, key, limit_bytes, checked=True))

    def fetch(self, bucket: str, key: str, path: Path, digest: str, limit_bytes: int) -> None:
        """Copy an object to `path`; raises `Broken` when its bytes do not have `digest` (and removes them)."""
        sha = hashlib.sha256()
        try:
            with path.open("wb") as file:
                for block in self.blocks(bucket, key, limit_bytes):
                    sha.update(block)
                    file.write(block)
            if sha.hexdigest() != digest:
                raise Broken("digest-differs", f"{bucket}/{key} holds other bytes than its digest says")
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object; none there is fine."""
        with _translated(bucket, key):
            self._client.delete_object(Bucket=bucket, Key=key)

    def delete_below(self, bucket: str, prefix: str) -> None:
        """Remove every object whose key begins with `prefix`; none there is fine."""
        with _translated(bucket, prefix):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                # A page has 1,000 keys at most, and so may a deletion.
                found: list[ObjectIdentifierTypeDef] = [{"Key": entry["Key"]} for entry in page.get("Contents", [])]
                if found:
                    self._client.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})

    def exists(self, bucket: str, key: str) -> bool:
        """Whether there is such an object."""
        try:
            with _translated(bucket, key):
                self._client.head_object(Bucket=bucket, Key=key)
        except Missing:
            return False
        return True

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """All keys below `prefix`, in order."""
        for found in self.listed(bucket, prefix):
            yield found.key

    def listed(self, bucket: str, prefix: str = "") -> Iterator[Listed]:
        """All objects below `prefix`, in order of their keys."""
        with _translated(bucket, prefix):
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
                for entry in page.get("Contents", []):
                    yield Listed(entry["Key"], entry["Size"], entry["ETag"])

    def upload(self, bucket: str, key: str) -> "Upload":
        """Begin an object whose size is not known yet."""
        return Upload(self._client, bucket, key)

    def abort_uploads(self, bucket: str, key: str) -> int:
        """Abort the uploads of this object that were begun and never finished; returns how many."""
        with _translated(bucket, key):
            listing = self._client.list_multipart_uploads(Bucket=bucket, Prefix=key)
            unfinished = [entry for entry in listing.get("Uploads", []) if entry["Key"] == key]
            for entry in unfinished:
                self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=entry["UploadId"])
        return len(unfinished)

    def time(self, bucket: str) -> datetime:
        """What the server's clock says, in whole seconds."""
        with _translated(bucket, ""):
            answer = self._client.list_objects_v2(Bucket=bucket, MaxKeys=1)
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])

    def page(self, bucket: str, after: str, limit: int) -> list[str]:
        """The next keys behind `after`, in order, at most `limit` (1,000); fewer only at the end."""
        with _translated(bucket, after):
            listing = self._client.list_objects_v2(Bucket=bucket, StartAfter=after, MaxKeys=limit)
            return [entry["Key"] for entry in listing.get("Contents", [])]

    def has_below(self, bucket: str, prefix: str) -> bool:
        """Whether a listing has any key that begins with `prefix`."""
        with _translated(bucket, prefix):
            return self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)["KeyCount"] > 0

    def delete_all(self, bucket: str, keys: Sequence[str]) -> None:
        """Remove these objects (at most 1,000); those that are gone are fine."""
        with _translated(bucket, keys[0]):
            named: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys]
            answer = self._client.delete_objects(Bucket=bucket, Delete={"Objects": named, "Quiet": True})
        if errors := answer.get("Errors", []):
            raise Broken("storage-denied", f"{len(errors)} objects of {bucket} were not deleted: {errors[0]}")

    def unfinished(self, bucket: str) -> Iterator[Unfinished]:
        """Uploads that were begun and are not finished, asked for page by page."""
        with _translated(bucket, ""):
            for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
                for entry in page.get("Uploads", []):
                    yield Unfinished(entry["Key"], entry["UploadId"], entry["Initiated"])

    def abort(self, bucket: str, unfinished: Unfinished) -> None:
        """End one of these; one that is gone is fine."""
        with contextlib.suppress(Missing), _translated(bucket, unfinished.key):
            self._client.abort_multipart_upload(Bucket=bucket, Key=unfinished.key, UploadId=unfinished.upload_id)

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def ensure_bucket(self, bucket: str) -> None:
        """Make the bucket unless it is there. For whoever sets the servers up."""
        try:
            with _translated(bucket, ""):
                self._client.head_bucket(Bucket=bucket)
        except Missing:
            with _translated(bucket, ""):
                self._client.create_bucket(Bucket=bucket)

    def blocks(self, bucket: str, key: str, limit_bytes: int, checked: bool = False) -> Iterator[bytes]:
        """One object, block by block; raises `TooLarge` above `limit_bytes`.

        `checked`: by the checksum that `put` has left, for whoever knows no digest.
        """
        seen = 0
        mode: _Mode = {"ChecksumMode": "ENABLED"} if checked else {}
        with _translated(bucket, key):
            body = self._client.get_object(Bucket=bucket, Key=key, **mode)["Body"]
            with body:
                for block in body.iter_chunks(BLOCK_BYTES):
                    seen += len(block)
                    if seen > limit_bytes:
                        raise TooLarge("object-too-large", f"{bucket}/{key} is larger than {limit_bytes} bytes")
                    yield block


class Upload:
    """An object being written: held in memory up to one part, then sent part by part. What is never finished
    is cleared by `Storage.abort_uploads`.
    """

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client = client
        self._bucket = bucket
        self._key = key
        self._buffer = bytearray()
        self._upload_id: str | None = None
        self._parts: list[CompletedPartTypeDef] = []

    def fits(self, chunk: bytes) -> bool:
        """Whether `write(chunk)` only copies memory; else it talks to S3 and belongs in a thread."""
        return len(self._buffer) + len(chunk) < PART_BYTES

    def write(self, chunk: bytes) -> None:
        """Append; sends every part that is full."""
        self._buffer += chunk
        while len(self._buffer) >= PART_BYTES:
            # What is over is small, the part is not: it is sent as it is, and not copied.
            part, self._buffer = self._buffer, self._buffer[PART_BYTES:]
            del part[PART_BYTES:]
            self._send(part)

    def finish(self) -> None:
        """Make the object visible. A small one is a single PUT."""
        with _translated(self._bucket, self._key):
            if self._upload_id is None:
                self._client.put_object(
                    Bucket=self._bucket, Key=self._key, Body=_as_it_is(self._buffer), ContentType=AS_IT_IS
                )
                return
        if self._buffer:
            self._send(self._buffer)
        with _translated(self._bucket, self._key):
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=self._key,
                UploadId=self._upload_id,
                MultipartUpload={"Parts": self._parts},
            )

    def _send(self, data: bytearray) -> None:
        with _translated(self._bucket, self._key):
            if self._upload_id is None:
                answer = self._client.create_multipart_upload(Bucket=self._bucket, Key=self._key, ContentType=AS_IT_IS)
                self._upload_id = answer["UploadId"]
            number = len(self._parts) + 1
            part = self._client.upload_part(
                Bucket=self._bucket, Key=self._key, UploadId=self._upload_id, PartNumber=number, Body=_as_it_is(data)
            )
            self._parts.append({"PartNumber": number, "ETag": part["ETag"]})


def _session() -> boto3.Session:
    """A session that reads a short list of endpoints: all of Amazon's take 7 MiB of each process, and we have an address."""
    core = botocore.session.Session()
    core.set_config_variable("data_path", str(Path(__file__).parent / "endpoints"))
    return boto3.Session(botocore_session=core)


def _as_it_is(data: bytes | bytearray) -> bytes:
    """boto3 takes a bytearray, whatever its stubs say; a copy of a large one would cost memory."""
    return cast(bytes, data)


@contextmanager
def _translated(bucket: str, key: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        code = error.response.get("Error", {}).get("Code", "")
        if status == 404:
            raise Missing("object-missing", f"there is no {bucket}/{key}") from error
        if status == 403:
            raise Broken("storage-denied", f"our key has no right to {bucket}/{key} ({code})") from error
        raise Unavailable("storage-unavailable", f"storage answered {status} {code}") from error
    except BotoCoreError as error:
        raise Unavailable("storage-unavailable", f"storage does not answer: {error}") from error
