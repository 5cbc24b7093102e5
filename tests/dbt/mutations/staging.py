"""What the sources say: the latest record of each, what they leave open, what is known as of the run."""

SHOP = "models/staging/shop"
# path in the project, what stands there, what it becomes, the unit test that must notice
MUTATIONS = [
    (
        "macros/latest_records.sql",
        "where recency = 1 and _deleted_at is null",
        "where recency = 1",
        "stg_orders_deleted_at_the_source",
    ),
    (
        "macros/latest_records.sql",
        "_deleted_at < {{ as_of() }} and",
        "_deleted_at <= {{ as_of() }} and",
        "stg_orders_deleted_at_the_source",
    ),
    (
        "macros/latest_records.sql",
        "and last_landings._loaded_at > landed._loaded_at",
        "and false",
        "stg_order_lines_of_an_edited_order",
    ),
    (
        "macros/latest_records.sql",
        "order by _loaded_at desc",
        "order by _loaded_at asc",
        "stg_customers_latest_load_wins",
    ),
    (f"{SHOP}/stg_shop__customers.sql", "lower(trim(email))", "lower(email)", "stg_customers_e_mail_is_normalised"),
    (f"{SHOP}/stg_shop__customers.sql", "registered_at < ", "registered_at <= ", "stg_customers_known_at_as_of"),
    (f"{SHOP}/stg_shop__customers.sql", "{{ e164('phone', 'country') }}", "phone", "stg_customers_phone_is_normalised"),
    (
        f"{SHOP}/stg_shop__order_lines.sql",
        "coalesce(gross_amount, quantity * unit_price, 0)",
        "coalesce(gross_amount, 0)",
        "stg_order_lines_what_is_not_said",
    ),
    (f"{SHOP}/stg_shop__orders.sql", "ordered_at < ", "ordered_at <= ", "stg_orders_known_at_as_of"),
    (f"{SHOP}/stg_shop__orders.sql", "coalesce(shipping_amount, 0)", "shipping_amount", "stg_orders_what_is_not_said"),
]
