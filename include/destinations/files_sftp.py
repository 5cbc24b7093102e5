"""A folder of an SFTP server as a place for files.

A file is uploaded under another name and then renamed over the old one, which needs the server's posix-rename extension
(OpenSSH has it). The server must show the host key that the connection names; none is ever learned.
"""

from __future__ import annotations

import asyncio
import logging
import posixpath
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, TypeVar
from urllib.parse import urlsplit

import asyncssh
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from include.destinations.base import DestinationRefused, DestinationUnavailable
from include.destinations.credentials import Credentials
from include.destinations.http import RetryRules

logging.getLogger("asyncssh").setLevel(logging.WARNING)

OWNER_ONLY: Final = 0o600
CHUNK: Final = 1 << 20
TEMPORARY: Final = (OSError, asyncio.TimeoutError, asyncssh.ConnectionLost, asyncssh.SFTPConnectionLost)
Answer = TypeVar("Answer")


class SftpFolder:
    """Files in one folder of a server; each operation is a connection of its own."""

    def __init__(self, who: str, folder: str, found: Credentials, rules: RetryRules, timeout: float) -> None:
        """Read what is needed to connect; nothing is asked yet.

        Args:
            who: destination id, for error texts.
            folder: sftp://host/path, the path from the server's root.
            found: login, and a password or in extra private_key (OpenSSH or PEM text; passphrase). Its extra must have
                host_key, the server's public key: `ssh-ed25519 AAAA…`. A host overrides the folder's.
            rules: how often and how long a connection is tried.
            timeout: of one operation, in seconds.

        Raises:
            DestinationRefused: host key, login or private key are missing or unreadable.
        """
        address, other = urlsplit(folder), urlsplit(found.host or "")
        self._who, self._folder, self._timeout, self._rules = who, address.path, timeout, rules
        self._host = other.hostname or address.hostname or ""
        self._port = other.port or address.port or 22
        self._connection = found.connection
        self._options = self._connect_options(found)

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """See `Store.writing`."""
        # Without a name on the disk: nothing of it is left behind, however we end.
        with tempfile.TemporaryFile() as file:
            yield file
            size = file.tell()

            async def upload(sftp: asyncssh.SFTPClient) -> None:
                await self._upload(sftp, name, file, size)

            self._run(upload)

    def read(self, name: str) -> bytes | None:
        """See `Store.read`."""

        async def download(sftp: asyncssh.SFTPClient) -> bytes | None:
            try:
                async with sftp.open(posixpath.join(self._folder, name), "rb") as remote:
                    return await remote.read()
            except (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath):
                return None

        return self._run(download)

    def close(self) -> None:
        """Nothing is held."""

    async def _upload(self, sftp: asyncssh.SFTPClient, name: str, file: BinaryIO, size: int) -> None:
        target = posixpath.join(self._folder, name)
        folder, last = posixpath.split(target)
        await sftp.makedirs(folder, asyncssh.SFTPAttrs(permissions=0o700), exist_ok=True)
        # What an upload that was cut off left: it holds contact data.
        for left in await sftp.glob(posixpath.join(folder, f".{last}.*.tmp"), error_handler=lambda error: None):
            await sftp.remove(left)
        aside = posixpath.join(folder, f".{last}.{uuid.uuid4().hex}.tmp")
        file.seek(0)
        try:
            async with sftp.open(aside, "xb", asyncssh.SFTPAttrs(permissions=OWNER_ONLY)) as remote:
                while chunk := file.read(CHUNK):
                    await remote.write(chunk)
            arrived = (await sftp.stat(aside)).size
            if arrived != size:
                raise OSError(f"{arrived} of {size} bytes arrived")
            await sftp.posix_rename(aside, target)
        except BaseException:
            await _forget(sftp, aside)
            raise

    def _run(self, work: Callable[[asyncssh.SFTPClient], Awaitable[Answer]]) -> Answer:
        async def once() -> Answer:
            async with asyncio.timeout(self._timeout):
                async with (
                    asyncssh.connect(self._host, self._port, **self._options) as connection,
                    connection.start_sftp_client() as sftp,
                ):
                    return await work(sftp)

        retrying = Retrying(
            stop=stop_after_attempt(self._rules.attempts),
            wait=wait_random_exponential(multiplier=self._rules.first_wait, max=self._rules.max_wait),
            retry=retry_if_exception_type(TEMPORARY),
            reraise=True,
        )
        where = f"{self._who}: sftp://{self._host}:{self._port}"
        try:
            return retrying(lambda: asyncio.run(once()))
        except asyncssh.HostKeyNotVerifiable:
            raise DestinationRefused(
                f"{where} shows another host key than the Airflow connection '{self._connection}' names; nothing was "
                "sent. If the server was set up anew, ask its owner for the new key and put it into extra.host_key."
            ) from None
        except asyncssh.PermissionDenied:
            raise DestinationRefused(
                f"{where} refused the login of the Airflow connection '{self._connection}'."
            ) from None
        except asyncssh.SFTPOpUnsupported:
            raise DestinationRefused(
                f"{where} has no posix-rename, without which a file cannot take another's place in one step; use a "
                "server that has it, such as OpenSSH."
            ) from None
        except TEMPORARY as error:
            raise self._unavailable(error) from None
        except asyncssh.SFTPError as error:
            raise DestinationRefused(
                f"{where} refused with {type(error).__name__}. Check that {self._folder} may be written by the login "
                f"of the Airflow connection '{self._connection}'."
            ) from None
        except asyncssh.Error as error:
            raise self._unavailable(error) from None

    def _unavailable(self, error: Exception) -> DestinationUnavailable:
        return DestinationUnavailable(
            f"{self._who}: sftp://{self._host}:{self._port} gave no usable answer in {self._rules.attempts} attempts "
            f"(last: {type(error).__name__}). Run again."
        )

    def _connect_options(self, found: Credentials) -> dict[str, Any]:
        text = found.extra.get("host_key")
        if not text:
            raise DestinationRefused(
                f"The Airflow connection '{found.connection}' has no host_key in its extra, expected the server's "
                "public key (`ssh-keyscan <host>` shows it; compare it with what the server's owner says)."
            )
        if not found.login:
            raise DestinationRefused(f"The Airflow connection '{found.connection}' has no login.")
        private = found.extra.get("private_key")
        try:
            host_key = asyncssh.import_public_key(str(text))
            keys = [asyncssh.import_private_key(str(private), found.extra.get("passphrase"))] if private else None
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
            raise DestinationRefused(
                f"The Airflow connection '{found.connection}': host_key or private_key of its extra is no readable key."
            ) from None
        return {
            "username": found.login,
            "password": None if keys else found.secret(),
            "client_keys": keys,
            # Only this key, nothing of the machine's own files and agents.
            "known_hosts": ([host_key], [], []),
            "config": None,
            "agent_path": None,
            "connect_timeout": self._timeout,
            "login_timeout": self._timeout,
        }


async def _forget(sftp: asyncssh.SFTPClient, path: str) -> None:
    try:
        await sftp.remove(path)
    except (asyncssh.Error, OSError):
        # The next upload does it.
        return
