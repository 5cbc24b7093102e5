"""The secret with which the ledger's content hashes are keyed.

A plain hash of an e-mail address can be turned back by hashing a list of addresses; a keyed one cannot without the key.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from include.publisher.errors import LedgerError
from include.settings import Settings

SHORTEST = 16


def ledger_key(settings: Settings) -> bytes:
    """Return the key, making it on the first call.

    Args:
        settings: the key itself, or where its file lies: <data_dir>/ledger/key, mode 0600.

    Returns:
        The bytes of PERENNIAL_LEDGER_KEY when set, otherwise those of the file.

    Raises:
        LedgerError: the key is shorter than 16 bytes.
    """
    configured = settings.ledger_key
    path = settings.data_dir / "ledger" / "key"
    key = configured.get_secret_value().encode() if configured else _key_file(path)
    if len(key) < SHORTEST:
        where = "PERENNIAL_LEDGER_KEY" if configured else str(path)
        raise LedgerError(
            f"{where} holds {len(key)} bytes, expected at least {SHORTEST}. Restore the former key from your backup; "
            "with a new one every member counts as changed and is sent once more."
        )
    return key


def _key_file(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = path.with_name(f".key.{os.getpid()}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(32).encode())
            file.flush()
            os.fsync(file.fileno())
        # link() fails where rename() would overwrite: of two processes that start at once, one key wins for both.
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
        aside.unlink()
    return path.read_bytes().strip()


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """Return the inner and outer pad of HMAC-SHA256 (RFC 2104), for use in SQL.

    HMAC(key, m) = sha256(outer || sha256(inner || m)); DuckDB has sha256 but no HMAC, and a million calls from Python
    would cost more than the whole plan.
    """
    block = 64
    padded = (hashlib.sha256(key).digest() if len(key) > block else key).ljust(block, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)
