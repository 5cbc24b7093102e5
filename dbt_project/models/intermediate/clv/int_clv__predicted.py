"""Each customer's predicted orders and value: a likelihood is maximised, which SQL cannot."""


def model(dbt, session):
    """Return include.clv.customers.predict over all customers who bought."""
    dbt.config(materialized="table")
    from include.clv.customers import Purchases, Settings, predict

    parameters = dict(dbt.ref("segment_parameters").project("parameter, value").fetchall())
    customers = dbt.ref("int_clv__purchases").project("customer_key, frequency, recency_days, age_days, spend")
    return predict(Purchases.of(customers.to_arrow_table()), Settings.of(parameters))
