"""Fill the stand-in for Klaviyo with the e-mail of the simulated shop, as Klaviyo would hold it.

Where the shop's files name no customer the event has no profile, as after the profile was deleted; its address stands
in the event. Consents to advertising stay with the files: Klaviyo has no such channel.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from include.demo.apis.klaviyo import KlaviyoApi
from include.sources.readers import quote

EMAIL_METRICS = {
    "sent": "Received Email",
    "bounced": "Bounced Email",
    "opened": "Opened Email",
    "clicked": "Clicked Email",
    "unsubscribed": "Unsubscribed from Email Marketing",
    "spam_reported": "Marked Email as Spam",
}
CONSENT_METRICS = {
    ("email", "granted"): "Subscribed to Email Marketing",
    ("email", "withdrawn"): "Unsubscribed from Email Marketing",
    ("sms", "granted"): "Subscribed to SMS Marketing",
    ("sms", "withdrawn"): "Unsubscribed from SMS Marketing",
}
NAMES = sorted({*EMAIL_METRICS.values(), *CONSENT_METRICS.values()})
METRICS = {name: f"M{number:05d}" for number, name in enumerate(NAMES)}
# Of the same name as one of Klaviyo's own, but sent by somebody else: never to be read.
FOREIGN_METRIC = ("M99999", "Clicked Email")

API = "https://a.klaviyo.com/api"


def feed(api: KlaviyoApi, folder: Path) -> None:
    """Put the shop's e-mail into the stand-in.

    Args:
        api: The stand-in.
        folder: The simulated shop's files, as include/demo/simulator writes them.
    """
    for name, metric in METRICS.items():
        add_metric(api, metric, name, "Klaviyo")
    add_metric(api, *FOREIGN_METRIC, "API")
    events, consents = (f"read_parquet({quote(f'{folder}/{name}/*.parquet')})" for name in ("email_events", "consents"))
    campaigns = f"read_csv({quote(f'{folder}/email_campaigns/*.csv')}, all_varchar = true)"
    api.store.fill("campaigns/email", _campaigns(campaigns))
    api.store.fill("flows", _flows(campaigns))
    api.store.fill("profiles", _profiles(events, consents))
    for event_type, name in EMAIL_METRICS.items():
        rows = _email_events(f"(from {events} where event_type = {quote(event_type)})", campaigns)
        api.store.fill(f"events/{METRICS[name]}", _events(rows, METRICS[name]))
    for (channel, status), name in CONSENT_METRICS.items():
        chosen = f"from {consents} where channel = {quote(channel)} and status = {quote(status)}"
        rows = f"select consent_id as id, customer_id, changed_at as moment, '{{}}'::json as properties {chosen}"
        api.store.fill(f"events/{METRICS[name]}", _events(rows, METRICS[name]))


def add_metric(api: KlaviyoApi, metric: str, name: str, integration: str) -> None:
    """Put a metric there, as if Klaviyo itself or somebody else had made it."""
    made, key = datetime.fromisoformat("2022-05-31T06:36:45"), integration.lower()
    by = {"object": "integration", "id": f"I-{key}", "key": key, "name": integration, "category": integration}
    times = {"created": f"{made.isoformat()}+00:00", "updated": f"{made.isoformat()}+00:00"}
    record = {"type": "metric", "id": metric, "attributes": {"name": name, **times, "integration": by}}
    api.store.put("metrics", metric, made, record | {"links": {"self": f"{API}/metrics/{metric}/"}})


def _iso(moment: str) -> str:
    return f"strftime({moment}, '%Y-%m-%dT%H:%M:%S+00:00')"


def _links(path: str) -> str:
    return f"json_object('self', '{API}/{path}/' || id || '/')"


def _relation(path: str, kind: str, related: str) -> str:
    links = f"'{API}/{path}/' || id || '/relationships/{kind}/', 'related', '{API}/{path}/' || id || '/{kind}/'"
    return f"json_object('data', {related}, 'links', json_object('self', {links}))"


def _email_events(events: str, campaigns: str) -> str:
    # Of a flow an event names flow and message, of a campaign the message alone.
    return (
        "select event_id as id, customer_id, event_at as moment, json_merge_patch(json_object("
        " '$message', campaign_id || '-message', 'Campaign Name', campaigns.name, '$event_id', event_id,"
        " 'Recipient Email Address', email), case when campaign_type = 'flow'"
        " then json_object('$flow', campaign_id) else '{}' end) as properties"
        f" from {events} as events join {campaigns} as campaigns using (campaign_id)"
    )


def _events(rows: str, metric: str) -> str:
    """Return the events of rows with id, customer_id, moment and properties."""
    by = _relation("events", "metric", f"json_object('type', 'metric', 'id', '{metric}')")
    of = _relation("events", "profile", "json_object('type', 'profile', 'id', 'P' || customer_id)")
    return (
        "select id, moment as changed_at, json_object('type', 'event', 'id', id, 'attributes', json_object("
        f" 'timestamp', epoch(moment)::bigint, 'datetime', {_iso('moment')}, 'uuid', md5(id),"
        " 'event_properties', properties),"
        f" 'relationships', case when customer_id is null then json_object('metric', {by})"
        f" else json_object('metric', {by}, 'profile', {of}) end, 'links', {_links('events')}) as payload from ({rows})"
    )


def _profiles(events: str, consents: str) -> str:
    state = (
        "select customer_id, any_value(email) as email, min(changed_at) as created, max(changed_at) as updated,"
        " arg_max(status, changed_at) filter (channel = 'email') as email_status,"
        " max(changed_at) filter (channel = 'email') as email_at,"
        " arg_max(status, changed_at) filter (channel = 'sms') as sms_status,"
        " max(changed_at) filter (channel = 'sms') as sms_at"
        f" from (select customer_id, email, channel, status, changed_at from {consents}"
        " where channel in ('email', 'sms')"
        f" union all select customer_id, email, null, null, event_at from {events} where customer_id is not null)"
        " group by customer_id"
    )
    subscriptions = ", ".join(
        f"'{channel}', json_object('marketing', json_object('consent', case {channel}_status"
        " when 'granted' then 'SUBSCRIBED' when 'withdrawn' then 'UNSUBSCRIBED' else 'NEVER_SUBSCRIBED' end,"
        f" 'consent_timestamp', {_iso(f'{channel}_at')}, 'can_receive_{channel}_marketing',"
        f" coalesce({channel}_status, '') = 'granted'))"
        for channel in ("email", "sms")
    )
    return (
        "select id, updated as changed_at, json_object('type', 'profile', 'id', id, 'attributes', json_object("
        f" 'email', email, 'external_id', customer_id, 'created', {_iso('created')}, 'updated', {_iso('updated')},"
        f" 'subscriptions', json_object({subscriptions})), 'links', {_links('profiles')}) as payload"
        f" from (select *, 'P' || customer_id as id from ({state}))"
    )


def _campaigns(campaigns: str) -> str:
    # Sent in two batches, an hour apart: the simulated newsletters end an hour after they start.
    messages = "json_array(json_object('type', 'campaign-message', 'id', id || '-message'))"
    sent = _iso("started_at::timestamptz at time zone 'UTC'")
    return (
        "select id, timestamp '2023-01-01' as changed_at, json_object('type', 'campaign', 'id', id,"
        " 'attributes', json_object('name', name, 'status', 'Sent', 'archived', false,"
        " 'audiences', json_object('included', json_array('L00001'), 'excluded', json_array()),"
        " 'send_options', json_object('use_smart_sending', true), 'send_strategy',"
        f" json_object('method', 'throttled', 'datetime', {sent}, 'throttle_percentage', 50),"
        f" 'created_at', {sent}, 'scheduled_at', {sent}, 'updated_at', {sent}, 'send_time', {sent}),"
        f" 'relationships', json_object('campaign-messages', {_relation('campaigns', 'campaign-messages', messages)}),"
        f" 'links', {_links('campaigns')}) as payload"
        f" from (select *, campaign_id as id from {campaigns} where campaign_type = 'campaign')"
    )


def _flows(campaigns: str) -> str:
    made = _iso("started_at::timestamptz at time zone 'UTC'")
    return (
        "select id, timestamp '2023-01-01' as changed_at, json_object('type', 'flow', 'id', id,"
        " 'attributes', json_object('name', name, 'status', 'live', 'archived', false, 'trigger_type', 'Metric',"
        f" 'created', {made}, 'updated', {made}), 'links', {_links('flows')}) as payload"
        f" from (select *, campaign_id as id from {campaigns} where campaign_type = 'flow')"
    )
