"""The pages in the order of the navigation; the first is the one to open."""

from include.site.pages import acquisition, campaigns, cohorts, lifecycle, overview, publishing, quality, segments

PAGES = tuple(
    module.PAGE for module in (overview, lifecycle, cohorts, acquisition, campaigns, segments, quality, publishing)
)
