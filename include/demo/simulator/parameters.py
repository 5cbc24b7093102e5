"""Every number that shapes the simulated shop, in one place; docs/simulated-shop.md explains them."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "3"
"""Changes whenever the same seed would give other rows, so that an older data set is replaced."""

CHUNK_SIZE = 25_000
"""Persons simulated together. Part of a data set's identity: another size gives other rows."""


@dataclass(frozen=True)
class Parameters:
    """The behavioural parameters. Shares are probabilities, rates are per day, money is in EUR cents."""

    # arrival
    growth: float = 2.0  # registrations per day at the end against the start
    paid_share: float = 0.35  # registrations that come from a paid click
    guest_only: float = 0.02  # persons who never open an account
    never_order: float = 0.24  # registrants without an own wish to order
    first_order_same_day: float = 0.81
    first_order_first_week: float = 0.07
    first_order_late_mean_days: float = 60.0

    # repeat purchases: lambda ~ Gamma(r, alpha), drop-out ~ Beta(a, b) after each order
    gamma_shape: float = 0.7
    gamma_rate_days: float = 8.0
    rate_ceiling: float = 0.35
    beta_a: float = 0.3
    beta_b: float = 0.9
    replenisher: float = 0.08  # persons who rebuy one consumable when it is used up
    replenish_shape: float = 16.0  # regularity of these rebuys (gamma shape; 1 = Poisson)
    replenish_drop_out_factor: float = 0.3

    # orders
    web: float = 0.80
    pos: float = 0.15  # the rest is phone
    guest_order: float = 0.03  # orders of account holders who did not log in
    cancelled: float = 0.03
    pending: float = 0.003
    pending_recent: float = 0.30  # of the orders of the last three days
    sale_coupon: float = 0.05
    welcome_coupon: float = 0.30  # of the first orders of persons with consent
    shipping_cents: int = 490
    free_shipping_from_cents: int = 5_000
    gbp_per_eur: float = 0.86
    refunded: float = 0.06
    refunded_in_full: float = 0.6
    refund_second_line: float = 0.25
    refund_days: int = 30
    reviewed: float = 0.04

    # identity
    two_accounts: float = 0.04  # of all persons
    second_account_same_email: float = 0.5
    phone: float = 0.85
    extra_devices: float = 0.8  # mean of devices beyond the first, at most 4 devices
    main_device: float = 0.7

    # web
    tracked: float = 0.75  # visits whose visitor accepts tracking
    cart_recorded: float = 0.30  # of the web orders; the others used express checkout
    cart_abandonment: float = 0.675
    browse_per_year: float = 1.5
    visits_before_registration: float = 0.5
    returning_paid: float = 0.08  # of returning visits, times the day's ad pressure
    anonymous_organic: float = 0.5  # visits per person by people who never register
    returning_of_clicks: float = 0.25  # share of planned clicks left for known visitors
    click_lost: float = 0.08  # clicks that never load the page

    # e-mail
    consent: float = 0.70
    sms_consent: float = 0.20
    hold_out: float = 0.10
    bounced: float = 0.007
    open_a: float = 2.0
    open_b: float = 5.0
    clicked_of_opened: float = 0.10
    unsubscribed_of_opened: float = 0.012
    spam_of_opened: float = 0.0006
    win_back_after_days: int = 90
    response_days: int = 7  # an extra order comes within these days after the send
    extra_by_click: float = 0.6  # extra orders that arrive through the link in the e-mail
    tool_knows_customer: float = 0.95  # e-mail events that carry the shop's customer id

    # feedback
    unanswered_referral: float = 0.3  # per answered one


PARAMETERS = Parameters()

COUNTRIES = ("DE", "FR", "NL", "AT", "GB")
COUNTRY_WEIGHTS = (0.48, 0.17, 0.12, 0.08, 0.15)
TAX_PERCENT = (19, 20, 21, 20, 20)
GB = COUNTRIES.index("GB")
