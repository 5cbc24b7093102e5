"""`python -m include.serve`: copy the live warehouse to the PostgreSQL of PERENNIAL_SERVE_URL."""

from __future__ import annotations

import sys

from include.serve.errors import ServeError
from include.serve.serve import serve
from include.settings import SettingsError, get_settings

if __name__ == "__main__":
    try:
        print(serve(get_settings()))
    except (ServeError, SettingsError) as error:
        sys.exit(f"serve: {error}")
