"""Numpy arrays into Arrow columns: identifiers, exact money, timestamps and NULLs without a loop over rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MONEY = pa.decimal128(18, 2)


def identifiers(prefix: str, numbers: np.ndarray, width: int) -> pa.Array:
    """Return prefix + zero-padded number as text."""
    digits = np.empty((len(numbers), width), np.uint8)
    rest = np.asarray(numbers, np.int64).copy()
    for place in range(width - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        digits[:, place] = digit + 48
    head = np.frombuffer(prefix.encode(), np.uint8)
    letters = np.concatenate([np.broadcast_to(head, (len(numbers), len(head))), digits], axis=1)
    offsets = (np.arange(len(numbers) + 1) * letters.shape[1]).astype(np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters)))


def visitor_ids(visitors: np.ndarray) -> pa.Array:
    """Return the cookie of visitor numbers.

    An odd factor permutes the numbers below 2**40: ids are unique and a person's devices do not look alike.
    """
    scrambled = (visitors.astype(np.uint64) * np.uint64(6_364_136_223_846_793_005)) % np.uint64(1 << 40)
    return identifiers("v", scrambled.astype(np.int64), 13)


def money(cents: np.ndarray) -> pa.Array:
    """Return integer cents as exact decimals with two places."""
    cents = np.asarray(cents, np.int64)
    # A decimal128 is a 16-byte integer: the cents and their sign.
    words = np.stack([cents, cents >> 63], axis=1)
    return pa.Array.from_buffers(MONEY, len(cents), [None, pa.py_buffer(np.ascontiguousarray(words))])


def timestamps(seconds: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    """Return UTC seconds as timestamps without a zone; NULL where not valid."""
    return numbers(np.asarray(seconds, np.int64) * 1_000_000, valid).cast(pa.timestamp("us"))


def iso_texts(seconds: np.ndarray) -> pa.Array:
    """Return UTC seconds as text such as 2024-02-29T12:00:00Z."""
    moments = pa.array(np.asarray(seconds, np.int64)).cast(pa.timestamp("s"))
    return pc.strftime(moments, format="%Y-%m-%dT%H:%M:%SZ")


def numbers(values: np.ndarray, valid: np.ndarray | None = None) -> pa.Array:
    """Return numbers or booleans; NULL where not valid."""
    return pa.array(values) if valid is None else pa.array(values, mask=~valid)


def pick(values: pa.Array, index: np.ndarray) -> pa.Array:
    """Return values[index]; NULL where the index is negative."""
    return values.take(pa.array(index, mask=index < 0))


def join(*parts: pa.Array | str) -> pa.Array:
    """Concatenate texts row by row."""
    return pc.binary_join_element_wise(*parts, "")
