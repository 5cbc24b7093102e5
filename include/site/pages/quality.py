"""What the gates found, what was refused, and whether every number arrived."""

from include.site.spec import Bars, Chart, Listing, Page

PAGE = Page(
    id="quality",
    title="Data quality",
    question="Can these numbers be trusted: is all of it there, is it fresh, and what was refused?",
    charts=(
        Chart(
            id="reconciliation",
            title="Reconciliation: lake, staging and marts",
            table="audit.reconciliation",
            draw=Listing(),
            units=dict.fromkeys(("lake", "staging", "marts"), "number"),
            empty="Gate 2 has not run.",
            note="Amounts in the reporting currency.",
        ),
        Chart(
            id="conservation",
            title="Every cent is found again",
            table="audit.conservation",
            draw=Listing(),
            units=dict.fromkeys(("one_value", "other_value"), "money"),
            empty="Gate 2 has not run.",
        ),
        Chart(
            id="freshness",
            title="Age of the newest record",
            table="marts.fct_orders",
            draw=Bars("stream", ("days_old",)),
            units={"days_old": "days"},
            labels={"days_old": "age", "newest_at": "newest record"},
            empty="Nothing is loaded.",
            note="From the newest record of each stream to the moment the build is about, in days.",
        ),
        Chart(
            id="gate_1",
            title="Gate 1: what came in and what was refused",
            table="meta.loads",
            draw=Listing(),
            units=dict.fromkeys(("files", "rows_read", "rows_landed", "rows_refused"), "count"),
            empty="Nothing was loaded.",
        ),
        Chart(
            id="quarantine",
            title="Quarantine, by reason",
            table="meta.quarantine",
            draw=Bars("what", ("rows",)),
            units={"rows": "rows"},
            labels={"what": "stream and reason"},
            empty="No row was refused.",
            note="The 30 most frequent reasons. The rows themselves are in the lake's _quarantine folder.",
        ),
        Chart(
            id="gate_2",
            title="Gate 2: rules this build met",
            table="meta.gate_2",
            draw=Listing(),
            empty="This build was recorded without its rules.",
            note="A build that breaks one of them is not promoted, so a site never shows it.",
        ),
        Chart(
            id="schema_changes",
            title="Columns of the sources that came, went or changed",
            table="meta.schema_changes",
            draw=Listing(),
            empty="No column has changed.",
        ),
    ),
)
