-- Value, to date and to come
select
    clv.historic_value,
    clv.expected_value,
    clv.expected_value_low,
    clv.expected_value_high,
    clv.horizon_days,
    clv.probability_alive,
    clv.reason as why_unknown,
    profitability.profit,
    profitability.band_id as profitability,
    risk.probability_no_order,
    risk.expected_next_order_on,
    clv.currency
from marts.customer_clv as clv
left join marts.customer_profitability as profitability using (customer_key)
left join marts.customer_churn_risk as risk using (customer_key)
where clv.customer_key = $customer
