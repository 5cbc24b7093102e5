"""Reading from vendors' APIs."""

import os

# Before dlt is imported: it would look for its own settings among Airflow's variables, some twenty at each start, and
# tell its makers of every run.
os.environ.setdefault("PROVIDERS__ENABLE_AIRFLOW_SECRETS", "false")
os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
