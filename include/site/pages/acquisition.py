"""What winning customers costs, and when it is earned back."""

from include.site.spec import Bars, Chart, Lines, Listing, Page, Selector

PAGE = Page(
    id="acquisition",
    title="Acquisition",
    question="What does a new customer cost, when is that earned back, and what may it cost?",
    charts=(
        Chart(
            id="cac",
            title="Acquisition cost per new customer, last 12 months",
            table="marts.kpi_period",
            draw=Bars("channel", ("cac",)),
            units={"cac": "money", "spend": "money", "new_customers": "customers"},
            measures=("numerator", "denominator"),
            labels={"cac": "cost per new customer"},
            empty="No month with new customers or spend is over yet.",
            note="Spend of the months added up over their new customers, never an average of ratios. A channel with"
            " spend and without a customer has no cost per customer: its name says so, its spend is in the numbers.",
        ),
        Chart(
            id="allowable",
            title="Cost beside what a customer may cost",
            table="marts.acquisition_allowable_cac",
            draw=Bars("channel", ("cac", "allowable_cac"), marks=("customer_value",)),
            units={
                "cac": "money",
                "allowable_cac": "money",
                "customer_value": "money",
                "target_value_to_cost": "ratio",
            },
            measures=("cac", "allowable_cac", "customer_value", "method"),
            where=("method",),
            labels={"cac": "cost", "allowable_cac": "allowable", "customer_value": "value of a customer"},
            empty="No channel's customers can be valued yet.",
        ),
        Chart(
            id="spend",
            title="Spend by channel and month",
            table="marts.kpi_period",
            draw=Lines("month", "spend", by="channel"),
            units={"spend": "money"},
            measures=("numerator",),
            empty="No spend is known.",
        ),
        Chart(
            id="payback",
            title="Months to payback",
            table="marts.acquisition_payback",
            draw=Listing(),
            units={
                "new_customers": "customers",
                "acquisition_spend": "money",
                "cac": "money",
                "contribution_per_member": "money",
                "months_to_payback": "months",
            },
            measures=("months_to_payback", "status", "contribution_per_member"),
            labels={"cohort_month": "month", "cac": "cost per new customer"},
            empty="No month with spend is over yet.",
            note="The last 12 months.",
        ),
        Chart(
            id="campaigns",
            title="Campaigns, those without a conversion first",
            table="marts.fct_ad_performance",
            draw=Listing(),
            units={
                "spend": "money",
                "impressions": "count",
                "clicks": "count",
                "platform_conversions": "count",
            },
            measures=("spend", "platform_conversions"),
            labels={"is_without_conversions": "without conversions", "campaign_name": "campaign"},
            empty="No advertising is known.",
            note="The last 90 days with advertising, at most 100 campaigns. Conversions are what the platform claims;"
            " platforms claim the same order, so they are never added up across them.",
        ),
        Chart(
            id="methods",
            title="Channels above what they may cost, by way of valuing a customer",
            table="marts.acquisition_allowable_cac",
            draw=Listing(),
            units=dict.fromkeys(("channels", "above_allowable", "above_value"), "count"),
            measures=("method", "is_above_allowable", "is_above_value"),
            empty="No channel's customers can be valued yet.",
        ),
    ),
    selectors=(Selector("method", "A customer is valued by", "methods"),),
)
