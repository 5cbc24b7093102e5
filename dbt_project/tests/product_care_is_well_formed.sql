-- Half a season, an interval of no days or goods that go with themselves would give due dates that mean nothing.
select *
from {{ ref('product_care') }}
where
    replenish_days < 1
    or service_interval_days < 1
    or service_interval_usage <= 0
    or (service_interval_usage is not null and usage_unit is null)
    or lifetime_days < 1
    or accessory_category = category
    or (season_first_month is null) <> (season_last_month is null)
    or season_first_month not between 1 and 12
    or season_last_month not between 1 and 12
