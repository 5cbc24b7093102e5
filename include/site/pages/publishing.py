"""What was sent where, what was refused there, and what waits for a decision."""

from include.site.spec import Bars, Chart, Lines, Listing, Page

COUNTS = ("adds", "updates", "removes", "unchanged", "skipped", "rejected", "confirmed")

PAGE = Page(
    id="publishing",
    title="Publishing",
    question="What was sent where, what did the tools refuse, and what waits for a decision?",
    charts=(
        Chart(
            id="waiting",
            title="Waiting for approval",
            table="publish.publish_runs",
            draw=Listing(),
            units={"removes": "count", "snapshot": "count"},
            empty="Nothing waits for approval.",
            note="Look at the plan first; then run the DAG approve_publish with the run's id. The row stays until the"
            " audience has been published again.",
        ),
        Chart(
            id="latest",
            title="The latest run of each audience and destination",
            table="publish.publish_runs",
            draw=Listing(),
            units=dict.fromkeys(COUNTS, "count"),
            empty="Nothing was published yet.",
        ),
        Chart(
            id="changes",
            title="Added, updated and removed",
            table="publish.publish_runs",
            draw=Bars("pair", ("adds", "updates", "removes"), stacked=True),
            units=dict.fromkeys(COUNTS[:3], "customers"),
            labels={"pair": "audience → destination"},
            empty="Nothing was published yet.",
            note="Runs of the 30 days up to the last one.",
        ),
        Chart(
            id="reasons",
            title="Why customers were added and removed",
            table="publish.publish_changelog",
            draw=Bars("what", ("customers",)),
            units={"customers": "customers"},
            labels={"what": "operation and reason", "customers": "changes"},
            empty="Nothing was changed at a tool yet.",
            note="Runs of the 30 days up to the last one, the 25 most frequent reasons.",
        ),
        Chart(
            id="drift",
            title="Drift: what the tools hold beside what was confirmed",
            table="publish.publish_drift",
            draw=Listing(),
            units=dict.fromkeys(("expected", "found", "missing", "unexpected"), "count"),
            empty="No tool was asked yet.",
        ),
        Chart(
            id="dead_letters",
            title="Dead letters: refused by a tool",
            table="publish.publish_dead_letters",
            draw=Listing(),
            units={"customers": "customers"},
            empty="No tool refused anybody.",
        ),
        Chart(
            id="runs_over_time",
            title="Runs by day and outcome",
            table="publish.publish_runs",
            draw=Lines("day", "runs", by="status"),
            units={"runs": "runs"},
            empty="Nothing was published yet.",
        ),
    ),
)
