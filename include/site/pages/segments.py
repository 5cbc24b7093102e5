"""Who is in which segment, who came and left and why, and how segments overlap."""

from include.site.spec import Bars, Chart, Heat, Lines, Listing, Page, Selector

PAGE = Page(
    id="segments",
    title="Segments",
    question="How large is each segment, who came and left and why, and who is in several?",
    charts=(
        Chart(
            id="sizes",
            title="Customers per segment",
            table="marts.customer_segments",
            draw=Bars("segment", ("customers", "primary_customers")),
            units={"customers": "customers", "primary_customers": "customers"},
            measures=("segment_id", "is_primary"),
            where=("kind",),
            labels={"customers": "members", "primary_customers": "members whose primary segment it is"},
            empty="There is no segment of this kind.",
        ),
        Chart(
            id="moving",
            title="Entries and exits of every stage segment",
            table="marts.customer_segment_moves",
            draw=Bars("segment", ("entries", "exits")),
            units={"entries": "customers", "exits": "customers"},
            measures=("customers",),
            empty="Nobody entered or left in the last 28 days.",
            note="The last 28 days.",
        ),
        Chart(
            id="overlap",
            title="Share of each stage segment that is also in",
            table="marts.customer_segment_overlap",
            draw=Heat(
                "segment", "other_segment", "share_of_segment", size="segment_customers", missing="the same segment"
            ),
            units={"share_of_segment": "share", "segment_customers": "customers"},
            measures=("share_of_segment", "customers"),
            where=("kind",),
            labels={"segment_customers": "customers", "other_segment": "also in", "share_of_segment": "share"},
            empty="Nobody is in two segments.",
        ),
        Chart(
            id="moves",
            title="Entries and exits by day",
            table="marts.customer_segment_moves",
            draw=Lines("date", "customers", by="direction"),
            units={"customers": "customers"},
            measures=("customers", "direction"),
            where=("segment",),
            empty="Nobody entered or left in the last 28 days.",
            note="Segments that stand for a stage; a rank or a sum has no moment at which it was entered.",
        ),
        Chart(
            id="reasons",
            title="Why they came and left",
            table="marts.customer_segment_moves",
            draw=Listing(),
            units={"customers": "customers"},
            measures=("reason", "direction"),
            where=("segment",),
            empty="Nobody entered or left in the last 28 days.",
            note="The last 28 days. The reason of an exit is the rule of the stage that came next.",
        ),
        Chart(
            id="kinds",
            title="Kinds of segments",
            table="seeds.segments",
            draw=Listing(),
            units={"segments": "count"},
            measures=("kind",),
            labels={"segments": "segments with customers"},
            empty="Nobody is in a segment.",
        ),
    ),
    selectors=(
        Selector("kind", "Kind of segment", "kinds"),
        Selector("segment", "Segment", "moving"),
    ),
)
