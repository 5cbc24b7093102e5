"""A bucket of S3, or of what speaks like it, as a place for files.

An object is written by one request, so it appears whole or not at all, and only if it is still what it was when we
began: two publishers with two ledgers cannot overwrite each other unseen.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError

from include.destinations.base import DestinationError, DestinationRefused, DestinationUnavailable
from include.destinations.credentials import Credentials
from include.destinations.http import RetryRules

# At DEBUG these log signed headers.
for _name in ("boto3", "botocore", "s3transfer", "urllib3"):
    logging.getLogger(_name).setLevel(logging.INFO)

LARGEST: Final = 5 * 1024**3
"""Bytes of one PutObject (Amazon S3, 'Uploading objects')."""
DIGEST: Final = "perennial-sha256"
CHANGED: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class S3Folder:
    """Objects under one prefix of a bucket."""

    def __init__(self, who: str, folder: str, found: Credentials, rules: RetryRules, timeout: float) -> None:
        """Prepare a client; nothing is asked yet.

        Args:
            who: destination id, for error texts.
            folder: s3://bucket/prefix.
            found: login and password are the access key; without a login the machine's own role is used. The host is
                the endpoint of another service than Amazon's; extra may have region_name and session_token.
            rules: how often and how long a request is tried.
            timeout: of one attempt, in seconds.
        """
        address = urlsplit(folder)
        self._who, self._bucket, self._prefix = who, address.netloc, address.path.strip("/")
        self._connection = found.connection
        self._client = boto3.client(
            "s3",
            endpoint_url=found.host,
            aws_access_key_id=found.login,
            aws_secret_access_key=found.secret() if found.login else None,
            aws_session_token=found.extra.get("session_token"),
            region_name=found.extra.get("region_name") or "us-east-1",
            config=Config(
                retries={"total_max_attempts": rules.attempts, "mode": "standard"},
                connect_timeout=timeout,
                read_timeout=timeout,
                s3={"addressing_style": "path" if found.host else "auto"},
            ),
        )

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """See `Store.writing`."""
        before = self._head(name)
        # Without a name on the disk: nothing of it is left behind, however we end.
        with tempfile.TemporaryFile() as file:
            yield file
            self._put(name, file, before)

    def read(self, name: str) -> bytes | None:
        """See `Store.read`."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise self._error(error) from None
        except BotoCoreError as error:
            raise self._error(error) from None

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _put(self, name: str, file: BinaryIO, before: dict[str, Any] | None) -> None:
        size = file.tell()
        if size > LARGEST:
            raise DestinationRefused(f"{self._who}: the list has {size} bytes, S3 takes {LARGEST} at once.")
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        condition = {"IfMatch": before["ETag"]} if before else {"IfNoneMatch": "*"}
        try:
            self._client.put_object(
                Bucket=self._bucket, Key=self._key(name), Body=file, Metadata={DIGEST: digest}, **condition
            )
        except ClientError as error:
            # Our own first attempt may have arrived without its answer.
            if error.response["Error"]["Code"] not in CHANGED or self._digest(name) != digest:
                raise self._error(error) from None
        except BotoCoreError as error:
            raise self._error(error) from None

    def _digest(self, name: str) -> str | None:
        held = self._head(name)
        return held["Metadata"].get(DIGEST) if held else None

    def _head(self, name: str) -> dict[str, Any] | None:
        try:
            return self._client.head_object(Bucket=self._bucket, Key=self._key(name))
        except ClientError as error:
            # A missing bucket looks the same here; writing to it says so.
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return None
            raise self._error(error) from None
        except BotoCoreError as error:
            raise self._error(error) from None

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _error(self, error: Exception) -> DestinationError:
        where = f"{self._who}: s3://{self._bucket}"
        if isinstance(error, ClientError):
            code = error.response["Error"]["Code"]
            status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
            if code in CHANGED:
                return DestinationUnavailable(
                    f"{where}: a file was changed by somebody else while it was being written anew; nothing was "
                    "overwritten. Run again, and give each destination a folder of its own."
                )
            if 400 <= status < 500 and status not in (408, 429):
                return DestinationRefused(
                    f"{where} refused with {code} (HTTP {status}). Check bucket and region, and that the Airflow "
                    f"connection '{self._connection}' may s3:GetObject, s3:PutObject and s3:ListBucket there."
                )
        if isinstance(error, NoCredentialsError | PartialCredentialsError):
            return DestinationRefused(f"{where}: the Airflow connection '{self._connection}' has no access key.")
        return DestinationUnavailable(f"{where} gave no usable answer ({type(error).__name__}). Run again.")
