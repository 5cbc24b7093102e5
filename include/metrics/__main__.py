"""`python -m include.metrics aov,cac --by metric_time__month`: a metric by its name, from the live warehouse."""

from __future__ import annotations

import argparse
import sys

from include.metrics.ask import MetricsError, Question, answer, for_reading
from include.settings import SettingsError, get_settings

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m include.metrics", description="Ask for metrics by their names.")
    parser.add_argument("metrics", help="names, comma separated; those of models/semantic and kpi_metric_inputs")
    parser.add_argument("--by", default="metric_time__month", help="default: metric_time__month")
    arguments = parser.parse_args()
    try:
        question = Question(arguments.metrics.split(","), arguments.by.split(","))
        for_reading(answer(get_settings(), question)).show(max_rows=200)
    except (MetricsError, SettingsError) as error:
        sys.exit(f"metrics: {error}")
