"""An SFTP server on loopback that misbehaves on demand."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import asyncssh

LOGIN, PASSWORD = "perennial", "password-of-the-test"


class SftpServer:
    """Serves a folder of this machine.

    Attributes:
        faults: number of a connection, from 1 -> `refuse` (cut after login), `cut` (cut at the first write), `lose`
            (a write is said to be done and is not), `hang`.
        renames: whether it knows posix-rename.
        host_key: its public key, as a connection's extra has it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.faults: dict[int, str] = {}
        self.renames = True
        self.connections = 0
        self.user_key: asyncssh.SSHKey | None = None
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def host_key(self) -> str:
        return self._key.export_public_key().decode().strip()

    @property
    def url(self) -> str:
        return f"sftp://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._thread.start()
        self._port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    async def _listen(self) -> int:
        server = self

        class Ssh(asyncssh.SSHServer):
            def connection_made(self, connection: asyncssh.SSHServerConnection) -> None:
                server.connections += 1

            def begin_auth(self, username: str) -> bool:
                return True

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == (LOGIN, PASSWORD)

            def public_key_auth_supported(self) -> bool:
                return server.user_key is not None

            def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
                return server.user_key is not None and key.public_data == server.user_key.public_data

        class Sftp(asyncssh.SFTPServer):
            def __init__(self, channel: asyncssh.SSHServerChannel[bytes]) -> None:
                super().__init__(channel, chroot=str(server.root).encode())
                self.fault = server.faults.get(server.connections, "")
                if self.fault == "refuse":
                    self.connection.abort()

            def write(self, file_obj: Any, offset: int, data: bytes) -> int:
                if self.fault == "cut":
                    super().write(file_obj, offset, data[: len(data) // 2])
                    self.connection.abort()
                return len(data) if self.fault == "lose" else super().write(file_obj, offset, data)

            async def stat(self, path: bytes) -> Any:
                if self.fault == "hang":
                    await asyncio.sleep(20)
                return super().stat(path)

            def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
                if not server.renames:
                    raise asyncssh.SFTPOpUnsupported("no")
                super().posix_rename(oldpath, newpath)

        self._server = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Ssh, server_host_keys=[self._key], sftp_factory=Sftp, config=None
        )
        return self._server.get_port()

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()
