"""How the shop is doing, and what changed."""

from include.site.spec import Bars, Chart, Lines, Listing, Page, Selector, Tiles

PAGE = Page(
    id="overview",
    title="Overview",
    question="How is the shop doing, and what changed since last week?",
    charts=(
        Chart(
            id="headlines",
            title="The last month that is over",
            table="marts.kpi_headlines",
            draw=Tiles(),
            units={"value": "unit", "value_before": "unit", "goal": "unit", "relative_change": "change"},
            measures=("value", "trend", "goal", "goal_status"),
            labels={"value_before": "month before", "relative_change": "change"},
            empty="No month is over yet.",
        ),
        Chart(
            id="last_week",
            title="What changed since last week",
            table="marts.kpi_headlines",
            draw=Listing(),
            units={
                "value": "unit",
                "value_before": "unit",
                "change": "difference",
                "relative_change": "change",
                "value_year_before": "unit",
            },
            measures=("value", "value_before", "trend", "value_year_before"),
            labels={
                "name": "metric",
                "period_start": "week of",
                "value": "last week",
                "value_before": "week before",
                "relative_change": "in per cent",
                "value_year_before": "52 weeks before",
            },
            empty="No week is over yet.",
        ),
        Chart(
            id="stages_last_week",
            title="Customers per stage, now and a week ago",
            table="marts.stage_daily",
            draw=Bars("stage", ("customers", "week_before")),
            units=dict.fromkeys(("customers", "week_before", "entries", "exits"), "customers"),
            measures=("customers", "entries", "exits"),
            labels={"customers": "now", "week_before": "a week ago"},
            empty="Nobody is in a stage yet.",
            note="Default stage model. Entries and exits of the seven days are in the numbers below.",
        ),
        Chart(
            id="trend",
            title="By month",
            table="marts.kpi_period",
            draw=Lines("month", "value", goal="goal"),
            units={"value": "unit", "goal": "unit"},
            measures=("value", "period_start"),
            where=("metric",),
            empty="No month is over yet.",
            note="Months that still run are left out.",
        ),
    ),
    selectors=(Selector("metric", "Metric", "trend"),),
)
