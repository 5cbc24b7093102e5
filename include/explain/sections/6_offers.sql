-- What may be offered, and why not more
select stage, discount_policy, is_discount_allowed, max_offer_level, forbidden_reason
from marts.customer_discount_eligibility
where customer_key = $customer
