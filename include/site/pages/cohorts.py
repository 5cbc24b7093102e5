"""Who came back, and what they have been worth."""

from include.site.spec import Chart, Heat, Listing, Page, Selector

WHERE = ("cohort", "dimension", "dimension_value")
LABELS = {
    "cohort_start": "cohort of",
    "cohort_customers": "customers",
    "age": "age in months, or weeks where these are chosen",
}
NOTE = "Read a row to the right: the cohort grows older. Hatched cells are not over yet, so nothing is known of them."

PAGE = Page(
    id="cohorts",
    title="Cohorts",
    question="Who comes back after the first order, and what are they worth by then?",
    charts=(
        Chart(
            id="retention",
            title="Share who ordered at each age",
            table="marts.cohort_retention",
            draw=Heat("cohort_start", "age", "retention_rate", size="cohort_customers"),
            units={"retention_rate": "share", "cohort_customers": "customers"},
            measures=("retention_rate", "cohort_customers", "age"),
            where=WHERE,
            labels=LABELS | {"retention_rate": "ordered"},
            empty="There is no cohort yet.",
            note=NOTE,
        ),
        Chart(
            id="value",
            title="Cumulative net revenue per member",
            table="marts.cohort_value",
            draw=Heat("cohort_start", "age", "net_revenue_per_member", size="cohort_customers"),
            units={"net_revenue_per_member": "money", "cohort_customers": "customers"},
            measures=("net_revenue_per_member", "cumulative_net_revenue", "age"),
            where=WHERE,
            labels=LABELS | {"net_revenue_per_member": "net revenue per member"},
            empty="There is no cohort yet.",
            note=NOTE + " Without tax, with shipping, less refunds.",
        ),
        Chart(
            id="splits",
            title="What can be chosen",
            table="marts.cohort_splits",
            draw=Listing(),
            units={"customers": "customers"},
            measures=("cohort_event", "dimension"),
            note="Of each dimension the twelve largest values; the table has all, and weeks by dimension as well.",
        ),
    ),
    selectors=(
        Selector("cohort", "Cohort", "splits"),
        Selector("dimension", "Split by", "splits", within="cohort"),
        Selector("dimension_value", "Value", "splits", within="dimension"),
    ),
)
