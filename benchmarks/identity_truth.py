"""Compare who is one customer with who really is: pairs of records, against data whose truth is known.

python benchmarks/identity_truth.py [--persons 10000] [--sets FOLDER] [--splink PYTHON] [--threshold 0.95]

The simulated shop is always measured, through the models themselves. --sets is a folder with splink_fake_1000.csv,
dataset1.csv and dataset2.csv (Splink's and FEBRL's made-up people with typing errors), resolved by the same graph.
--splink is a Python that has Splink (a virtual environment of its own): it is measured beside.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from include.demo.simulator import simulate  # noqa: E402
from include.identity.graph import customers  # noqa: E402
from include.settings import PROJECT_ROOT, Settings  # noqa: E402
from tests.support import pipeline  # noqa: E402

AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
MODELS = ("+customer_identifiers", "+customer_merge_log")
SIMULATED = PROJECT_ROOT / "include" / "sources" / "mappings" / "simulated.yml"


def pairs(labels: pd.Series) -> int:
    sizes = labels.value_counts()
    return int((sizes * (sizes - 1) // 2).sum())


def show(what: str, how: str, truth: pd.Series, found: pd.Series) -> None:
    """Print pairwise precision, recall and F1 as a row of a Markdown table."""
    right = pairs(pd.Series(list(zip(truth, found, strict=True))))
    precision, recall = right / max(pairs(found), 1), right / max(pairs(truth), 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    print(f"| {what} | {how} | {len(truth):,} | {precision:.4f} | {recall:.4f} | {f1:.4f} |", flush=True)


def by_identifiers(records: pd.DataFrame, identifiers: list[str]) -> pd.Series:
    """Resolve records by the graph: two that share a value of an identifier are one."""
    left, right, nodes = [], [], len(records)
    for name in identifiers:
        known = np.flatnonzero(records[name].notna())
        codes = pd.factorize(records[name].iloc[known])[0]
        left.append(known)
        right.append(nodes + codes)
        nodes += int(codes.max(initial=-1)) + 1
    ends = np.concatenate(left), np.concatenate(right)
    return pd.Series(customers(nodes, len(records), *ends, np.zeros(len(ends[0]), np.int64)).elder[: len(records)])


def by_splink(python: str, records: pd.DataFrame, threshold: float) -> pd.Series:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "records.parquet", Path(folder) / "clusters.parquet"
        records.to_parquet(source, index=False)
        command = [python, str(HERE / "identity_splink.py"), str(source), str(target), str(threshold)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = pd.read_parquet(target).set_index("record")["cluster_id"]
    return records["record"].map(found)


def simulated(persons: int, seed: int, chosen: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            _env_file=None,
            data_dir=Path(folder),
            sources=(SIMULATED,),
            reporting_currency="EUR",
            time_zone="Europe/Berlin",
        )
        source = settings.data_dir / "sources" / "simulated"
        simulate(source, customers=persons, seed=seed)
        pipeline.load(settings, AS_OF)
        settings.build_warehouse.parent.mkdir(parents=True, exist_ok=True)
        command, env = pipeline.dbt_command(
            settings, AS_OF, "build", "--select", *MODELS, "--exclude-resource-type", "unit_test",
            "--exclude-resource-type", "test",
        )  # fmt: skip
        subprocess.run(command, env=env, check=True, capture_output=True)
        with duckdb.connect(str(settings.build_warehouse), read_only=True) as con:
            con.execute(f"create temp table persons as from '{source}/_truth/persons.parquet'")
            con.execute(f"create temp table visitors as from '{source}/_truth/visitors.parquet'")
            records = con.execute(RECORDS).df()
            device = con.execute(DEVICES).fetchone()
    truth = records["person_id"]
    accounts = records["kind"] == "account"
    what = f"simulated shop, seed {seed}"
    for name, part in ((f"{what}: accounts", records[accounts]), (f"{what}: accounts and guests", records)):
        truth = part["person_id"].reset_index(drop=True)
        show(name, "Perennial", truth, part["customer_key"].reset_index(drop=True))
        show(name, "e-mail address only", truth, by_identifiers(part, ["email"]))
        if chosen.splink:
            compared = part[["record", "email", "phone", "first_name", "last_name", "birth_date"]].astype("str")
            compared = compared.where(part[compared.columns].notna().to_numpy(), None)
            linked = by_splink(chosen.splink, compared, chosen.threshold).reset_index(drop=True)
            show(name, f"Splink at {chosen.threshold}", truth, linked)
    right, attached, seen = device
    print(f"\ncookies with a login: {seen:,}; attached to one customer {attached:,}, to the right one {right:,}\n")


RECORDS = """
select
    r.identity_type || ':' || r.identity_key as record, r.identity_type as kind, i.customer_key, p.person_id,
    r.email, r.phone, r.first_name, r.last_name, cast(r.birth_date as varchar) as birth_date
from intermediate.int_customers__records as r
inner join intermediate.int_customers__identities as i using (identity_type, identity_key)
left join staging.stg_shop__customers as a on r.identity_type = 'account' and r.identity_key = a.account_key
inner join (
    select distinct person_id, customer_id, lower(trim(email)) as email from persons
) as p
    on case when r.identity_type = 'account' then a.customer_id = p.customer_id else r.email = p.email end
where r.identity_type = 'account' or p.person_id is not null
qualify row_number() over (partition by r.identity_type, r.identity_key order by p.person_id) = 1
order by record
"""

DEVICES = """
with owner as (
    select distinct i.customer_key, p.person_id
    from intermediate.int_customers__identities as i
    inner join staging.stg_shop__customers as a on i.identity_type = 'account' and i.identity_key = a.account_key
    inner join persons as p on a.customer_id = p.customer_id
),

attached as (
    select c.identifier_key, c.status, bool_or(o.person_id = v.person_id) as is_right
    from marts.customer_identifiers as c
    inner join (select distinct visitor_key, md5(visitor_key) from staging.stg_web__sessions) as s
        on c.identifier_key = s.visitor_key
    inner join visitors as v on md5('simulated|' || v.visitor_id) = c.identifier_key
    left join owner as o on c.customer_key = o.customer_key
    where c.identifier_type = 'visitor'
    group by c.identifier_key, c.status
)

select
    count(*) filter (where status = 'attaches' and is_right),
    count(*) filter (where status = 'attaches'),
    count(distinct identifier_key)
from attached
"""


def made_up_people(folder: Path, chosen: argparse.Namespace) -> None:
    """The public sets: one line per record, nobody knows an address or number that is sure."""
    fake = pd.read_csv(folder / "splink_fake_1000.csv", dtype="str")
    fake = fake.rename(columns={"unique_id": "record", "surname": "last_name", "dob": "birth_date"})
    fake["email"] = fake["email"].str.strip().str.lower()
    sets = [("splink_fake_1000", fake, fake["cluster"], ["email"])]
    for name in ("dataset1", "dataset2"):
        febrl = pd.read_csv(folder / f"{name}.csv", dtype="str", skipinitialspace=True)
        febrl = febrl.rename(
            columns={
                "rec_id": "record",
                "given_name": "first_name",
                "surname": "last_name",
                "date_of_birth": "birth_date",
                "soc_sec_id": "person_number",
                "suburb": "city",
                "address_1": "street",
            }
        )
        sets.append((f"FEBRL {name}", febrl, febrl["record"].str.split("-").str[1], ["person_number"]))
    kept = ["record", "first_name", "last_name", "birth_date", "email", "person_number", "street", "city", "postcode"]
    for name, records, truth, identifiers in sets:
        show(name, f"Perennial ({identifiers[0]})", truth, by_identifiers(records, identifiers))
        by_mail = by_identifiers(records, ["email"]) if "email" in records else pd.Series(range(len(records)))
        show(name, "e-mail address only", truth, by_mail)
        if chosen.splink:
            compared = records[[column for column in kept if column in records]]
            found = by_splink(chosen.splink, compared, chosen.threshold)
            show(name, f"Splink at {chosen.threshold}", truth, found)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--persons", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--sets", type=Path, help="folder of the public sets")
    parser.add_argument("--splink", help="a Python that has Splink")
    parser.add_argument("--threshold", type=float, default=0.95, help="match probability from which Splink links")
    chosen = parser.parse_args()
    print("| records | by | count | precision | recall | F1 |\n|---|---|---:|---:|---:|---:|")
    if chosen.sets:
        made_up_people(chosen.sets, chosen)
    simulated(chosen.persons, chosen.seed, chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
