"""Which numbered identities of int_customers__graph are one customer, and which link merged each into its elder."""

import numpy as np
import pandas as pd

from include.identity.graph import UNKNOWN_TIME, customers


def model(dbt, session):
    """Give one row per node of the graph."""
    dbt.config(materialized="table")
    graph = dbt.ref("int_customers__graph")
    wanted = ["identity_number", "identifier_number", "is_customer", "first_seen_at"]
    # DuckDB hands over a relation, Spark a data frame.
    links = graph.select(*wanted).df() if hasattr(graph, "df") else graph.select(*wanted).toPandas()
    left = links["identity_number"].to_numpy(np.int64)
    right = links["identifier_number"].to_numpy(np.int64)
    known = links["first_seen_at"].notna().to_numpy()
    moments = links["first_seen_at"].to_numpy("datetime64[us]").astype(np.int64)
    nodes = int(max(left.max(), right.max())) + 1 if len(links) else 0
    identities = len(np.unique(left[links["is_customer"].to_numpy(bool)]))
    found = customers(nodes, identities, left, right, np.where(known, moments, UNKNOWN_TIME))
    merged = pd.DataFrame(
        {
            "node_number": found.absorbed,
            "survivor_number": found.survivor,
            "link_identity_number": left[found.link],
            "link_identifier_number": right[found.link],
        }
    )
    every = pd.DataFrame({"node_number": np.arange(nodes), "elder_number": found.elder})
    return every.merge(merged.astype("Int64"), on="node_number", how="left")
