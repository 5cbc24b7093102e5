"""The assets that fire one DAG after another."""

from __future__ import annotations

from airflow.sdk import Asset

from include.sources.entities import FAMILIES

LAKE = {family: Asset(name=f"lake/{family}", uri=f"perennial://lake/{family}") for family in FAMILIES}
LIVE_WAREHOUSE = Asset(name="warehouse/live", uri="perennial://warehouse/live")
