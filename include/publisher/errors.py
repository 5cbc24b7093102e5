"""What can go wrong before, between and after the requests."""

from __future__ import annotations


class PublishError(RuntimeError):
    """Publishing cannot go on; the message says what came, what was expected and what to do."""


class SourceError(PublishError):
    """The live warehouse or the contacts are missing, unfinished or not what the audience needs."""


class LedgerError(PublishError):
    """The ledger cannot be used."""


class PublishBusy(PublishError):
    """Another process publishes the same audience to the same destination."""


class PublishBlocked(PublishError):
    """The guard stopped a run; the plan lies in the ledger until somebody approves it."""


class ApprovalError(PublishError):
    """There is nothing to approve under that run id."""
