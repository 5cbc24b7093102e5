"""Errors of Meta's Graph API: which pass, which are the account's, which are a row's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx

from include.destinations.base import DestinationRefused, DestinationUnavailable

if TYPE_CHECKING:
    from include.destinations.rows import VendorRow

BUSY: Final = frozenset({1, 2, 4, 17, 32, 613, 80003})
"""What passes: unknown (1), service (2), limits of app (4), user (17), page (32), calls (613), audiences (80003)."""
TERMS: Final = 1870090
UPDATE_FAILED: Final = 2650
NO_PERMISSION: Final = frozenset({10, 102, 190, *range(200, 300)})


def answer_of(response: httpx.Response) -> dict[str, Any]:
    """Return the answer's object, empty when it is none."""
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def codes_of(response: httpx.Response) -> tuple[int, int]:
    """Return an error's code and subcode, 0 where there is none."""
    error = answer_of(response).get("error")
    found = error if isinstance(error, dict) else {}
    code, subcode = found.get("code"), found.get("error_subcode")
    return (code if isinstance(code, int) else 0), (subcode if isinstance(subcode, int) else 0)


def is_busy(response: httpx.Response) -> bool:
    """Whether an error means "later": the Graph API's limits come as HTTP 400 or 403 with a code."""
    if response.is_success:
        return False
    error = answer_of(response).get("error")
    return isinstance(error, dict) and (codes_of(response)[0] in BUSY or error.get("is_transient") is True)


def is_rows_fault(code: int, subcode: int) -> bool:
    """Whether a row may be what Meta refuses: an invalid parameter, and neither the audience's id nor its state."""
    return code == 100 and subcode not in (33, TERMS) and not _is_update_failed(code, subcode)


def error_of(response: httpx.Response, row: VendorRow) -> Exception:
    """Make the error for an answer that is no row's fault; Meta's own text is left out, it may quote what was sent."""
    code, subcode = codes_of(response)
    who, said = row.id, f"code {code}, subcode {subcode}"
    if TERMS in (code, subcode):
        return DestinationRefused(
            f"{who}: the Custom Audience terms are not accepted (code {TERMS}). Accept them for this ad account at "
            "business.facebook.com/ads/manage/customaudiences/tos, then run again."
        )
    if _is_update_failed(code, subcode):
        return DestinationUnavailable(
            f"{who}: Meta could not update the audience now ({said}); another upload or a replacement may be under "
            "way. Nothing of this request was recorded as sent; run again later."
        )
    if code in NO_PERMISSION:
        return DestinationRefused(
            f"{who}: Meta does not accept the access token for this audience ({said}). Check the Airflow connection "
            f"'{row.connection}': a system user's token with ads_management and access to the ad account."
        )
    if (code, subcode) == (100, 33):
        return DestinationRefused(
            f"{who}: there is no such Custom Audience, or the token may not see it ({said}). Check 'audiences' of the "
            f"row '{who}' in destinations.yml."
        )
    return DestinationRefused(
        f"{who}: HTTP {response.status_code} while updating an audience ({said}); expected 2xx. Look the code up in "
        f"Meta's list of errors, check the row '{who}' against docs/destinations/meta.md, then run again."
    )


def _is_update_failed(code: int, subcode: int) -> bool:
    return UPDATE_FAILED in (code, subcode) or any(str(one).startswith("18701") for one in (code, subcode))
