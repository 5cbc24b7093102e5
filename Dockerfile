FROM python:3.12-slim

# Compiled wheels need libgomp.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 10001 perennial

WORKDIR /opt/perennial
COPY requirements/bootstrap.txt requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements/bootstrap.txt \
    && uv pip install --system --no-cache --require-hashes -r requirements/runtime.txt

COPY LICENSE pyproject.toml ./
COPY dags dags
COPY dbt_project dbt_project
COPY expectations expectations
COPY include include

ENV PYTHONPATH=/opt/perennial \
    AIRFLOW_HOME=/opt/perennial/airflow \
    AIRFLOW__COSMOS__ENABLE_TELEMETRY=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False \
    DBT_SEND_ANONYMOUS_USAGE_STATS=false \
    GX_ANALYTICS_ENABLED=False \
    SCARF_ANALYTICS=false

# The build DAG is drawn from dbt's manifest; volumes take over the owner of these folders.
RUN cd dbt_project && dbt parse --quiet --profiles-dir . \
    && mkdir -p /data/lake /data/sources /opt/perennial/airflow \
    && chown -R perennial:perennial /data /opt/perennial
USER perennial
