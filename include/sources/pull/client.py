"""HTTP to a vendor: dlt's client pages and tries again; this adds the vendor's limits and errors that say what to do.

No error and no log line holds a query, a header or a body: they carry credentials and contact data.
"""

from __future__ import annotations

import json as json_text
import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import orjson
import requests
from dlt.common import jsonpath
from dlt.common.configuration.specs import RuntimeConfiguration
from dlt.sources.helpers.requests import Client as RetryingSession
from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator, SinglePagePaginator
from pyrate_limiter import Limiter
from requests.auth import AuthBase
from requests.utils import get_environ_proxies

from include.destinations.api import LOOPBACK, Window, limiter
from include.sources.pull.base import PullError, PullRefused

# dlt names every address, with its query, at INFO.
logging.getLogger("dlt").setLevel(logging.WARNING)

NOT_ALLOWED = frozenset({401, 403})
PIECE_BYTES = 1024 * 1024
# Given, dlt does not look for it in files of its own, nor in Airflow's variables.
CONFIG = RuntimeConfiguration()
Predicate = Callable[[requests.Response], bool]


class Client:
    """One vendor's API under one account, asked by any thread, and for one answer at a time.

    Every method raises PullRefused where the vendor refuses the credentials, PullError where it gives no usable answer
    after all attempts.
    """

    def __init__(
        self,
        source: str,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
        windows: Sequence[Window] = (),
        path_windows: Mapping[str, Sequence[Window]] | None = None,
        connection: str = "",
        throttles: Predicate = lambda response: False,
        lasting: Predicate = lambda response: False,
        attempts: int = 6,
        first_wait_seconds: float = 1.0,
        max_wait_seconds: float = 120.0,
        timeout_seconds: float = 60.0,
    ) -> None:
        """Open it.

        Args:
            source: name in the lake, for error texts.
            base_url: address, over TLS except on loopback.
            headers: sent with every request.
            auth: sent with every request.
            windows: limits of the account that hold for every request.
            path_windows: beginning of a path -> limits of its own, in place of `windows`.
            connection: id of the Airflow connection, for error texts.
            throttles: whether an answer means "too fast" although its status does not; it is then tried again.
            lasting: whether an answer stays the same when tried again although its status is that of a passing failure.
            attempts: most requests for one answer, the first included.
            first_wait_seconds: wait before the second attempt; it doubles each time. Retry-After overrules it.
            max_wait_seconds: longest wait, also when the vendor asks for more.
            timeout_seconds: of one attempt.

        Raises:
            PullRefused: the address is not https.
        """
        address = urlsplit(base_url)
        if address.scheme != "https" and address.hostname not in LOOPBACK:
            raise PullRefused(
                f"{source}: the address of the Airflow connection '{connection}' is {address.scheme}://"
                f"{address.hostname}, expected https: keys and contact data must not travel in clear."
            )
        self.source, self.host, self.connection = source, address.hostname, connection
        self._throttles, self._lasting = throttles, lasting
        session = RetryingSession(
            raise_for_status=False,
            request_timeout=timeout_seconds,
            request_max_attempts=attempts,
            request_backoff_factor=first_wait_seconds,
            request_max_retry_delay=max_wait_seconds,
            status_codes=(),
            retry_condition=lambda response, _: (
                response is not None and (self._passes(response) or (not self._streams and _is_cut(response)))
            ),
        ).session
        # Asked for each request, the environment takes longer than a small answer, and a .netrc would replace the key.
        session.trust_env = False
        session.proxies = get_environ_proxies(base_url)
        session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
        places = {"https://": windows, "http://": windows}
        places |= {f"{base_url.rstrip('/')}{path}": own for path, own in (path_windows or {}).items()}
        for prefix, limits in places.items():
            session.mount(prefix, _Adapter(limiter(limits) if limits else None, source))
        self._session = session
        self._send = session.send
        session.send = self._judged  # type: ignore[method-assign]
        self._one_at_a_time = Lock()
        self._accept: Sequence[int] = ()
        self._streams = False
        self._expect: Callable[[requests.Response], None] = _anything
        self._rest = RESTClient(base_url, headers=dict(headers or {}), auth=auth, session=session, config=CONFIG)

    def get(self, path: str, params: Mapping[str, Any] | None = None, *, absent: Sequence[int] = ()) -> Any:
        """Return the JSON of one answer; None where its status is one of `absent`."""
        return self._json(self.request("GET", path, params=params, accept=absent), absent)

    def post(self, path: str, json: Any) -> Any:
        """Post JSON and return the JSON of the answer."""
        return self._json(self.request("POST", path, json=json))

    def _json(self, response: requests.Response, absent: Sequence[int] = ()) -> Any:
        with self._errors():
            return None if response.status_code in absent else response.json()

    def request(self, method: str, path: str, *, accept: Sequence[int] = (), **content: Any) -> requests.Response:
        """Return one answer.

        Args:
            method: HTTP method.
            path: after the base address, or a whole address of the same host.
            accept: statuses besides 2xx that are the caller's to read.
            content: params, json, data, headers, stream, as `requests` takes them.
        """
        with self._one_at_a_time, self._errors():
            self._accept, self._expect, self._streams = accept, _anything, bool(content.get("stream"))
            return self._rest.request(path, method, **content)  # type: ignore[arg-type]

    def pages(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        records: str = "$",
        paginator: BasePaginator | None = None,
        json: Any = None,
        expect: Callable[[requests.Response], None] | None = None,
    ) -> Iterator[list[Any]]:
        """Yield the records of each page, until there is none left.

        Args:
            path: after the base address.
            params: query of the first page.
            records: JSON path of the list of records within an answer.
            paginator: one of dlt's, new for each call; default: there is one page.
            json: body; the request is a POST then.
            expect: called with each lasting answer, errors included; raises what only this vendor knows to mean.
        """
        pages = self._rest.paginate(
            path,
            "POST" if json is not None else "GET",
            params=dict(params or {}),
            json=json,
            data_selector=_compiled(records),
            paginator=paginator or SinglePagePaginator(),
            hooks={"response": []},
        )
        while True:
            with self._one_at_a_time, self._errors():
                # Anew for each page: the caller may have asked for something else in between.
                self._accept, self._expect, self._streams = (), expect or _anything, False
                page = next(pages, None)
            if page is None:
                return
            yield list(page)

    def _judged(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send, try again as often as allowed, and raise for an answer that is nobody's business but the operator's."""
        response = self._send(request, **options)
        status = response.status_code
        where = f"{self.source}: {self.host} answered HTTP {status} to {request.method} {urlsplit(request.url).path}"
        if self._passes(response):
            raise PullError(f"{where} in all attempts. Nothing was written; the next run reads the same window.")
        self._expect(response)
        # requests decodes with simplejson, which takes five times as long, and dlt does so twice for each page.
        if not self._streams:
            # Without holding the answer itself, which would keep every page until garbage is collected.
            response.json = cache(partial(orjson.loads, response.content))  # type: ignore[method-assign]
        if response.ok or status in self._accept:
            return response
        if status in NOT_ALLOWED:
            raise PullRefused(
                f"{where}. Check the key and the scopes of the Airflow connection '{self.connection}'; "
                "`make check-sources` says which scope is missing."
            )
        raise PullRefused(f"{where}, expected 2xx. Check the options of the source file against docs/sources/.")

    def _passes(self, response: requests.Response) -> bool:
        status = response.status_code
        return self._throttles(response) or ((status == 429 or status >= 500) and not self._lasting(response))

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (requests.JSONDecodeError, orjson.JSONDecodeError):
            raise PullError(self._no_answer("the answer is no JSON")) from None
        except requests.RequestException as error:
            raise PullError(self._no_answer(type(error).__name__)) from None

    def _no_answer(self, why: str) -> str:
        return (
            f"{self.source}: {self.host} gave no usable answer in all attempts (last: {why}). Nothing was written; "
            "the next run reads the same window."
        )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class _Adapter(requests.adapters.HTTPAdapter):
    """Waits for the limits before each request, those tried again included, and reads answers in large pieces."""

    def __init__(self, limits: Limiter | None, name: str) -> None:
        super().__init__()
        self._limits, self._name = limits, name

    def send(self, request: requests.PreparedRequest, stream: bool = False, **options: Any) -> requests.Response:  # type: ignore[override]
        if self._limits:
            self._limits.try_acquire(self._name)
        response = super().send(request, stream=stream, **options)
        if not stream:
            # What requests does itself in pieces of 10 KiB, for each of which it waits until the interpreter is free.
            response._content = b"".join(response.iter_content(PIECE_BYTES))
        return response


@cache
def _compiled(path: str) -> Any:
    return jsonpath.compile_path(path)


def _anything(response: requests.Response) -> None:
    """Expect nothing in particular."""


def _is_cut(response: requests.Response) -> bool:
    """Whether a JSON answer ends early, as when a proxy in between gave up."""
    kind = response.headers.get("Content-Type", "")
    if not response.ok or "json" not in kind or "jsonl" in kind:
        return False
    ending = response.content.rstrip()[-1:]
    if ending in (b"}", b"]"):
        return False
    try:
        json_text.loads(response.content)
    except ValueError:
        return True
    return False
