"""One file per vendor."""

import include.sources.pull  # noqa: F401 - settles what dlt reads before a vendor imports it
