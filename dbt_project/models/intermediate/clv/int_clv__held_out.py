"""The last days predicted from what came before them: a likelihood is maximised, which SQL cannot."""


def model(dbt, session):
    """Return include.clv.customers.hold_out over the customers who had bought before the days held out."""
    dbt.config(materialized="table")
    from include.clv.customers import Purchases, Settings, hold_out, with_horizon

    parameters = dict(dbt.ref("segment_parameters").project("parameter, value").fetchall())
    before = dbt.ref("int_clv__purchases").filter("split_frequency >= 0 and split_age_days >= 0")
    table = before.project(
        "customer_key, split_frequency as frequency, split_recency_days as recency_days, split_age_days as age_days,"
        " cast(null as double) as spend"
    ).to_arrow_table()
    return hold_out(Purchases.of(table), with_horizon(Settings.of(parameters), parameters["clv_holdout_days"]))
