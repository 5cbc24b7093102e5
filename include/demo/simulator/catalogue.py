"""The product catalogue: what is sold, at which price and cost, and for how long it lasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from include.demo.simulator.columns import identifiers, money

# category, department, days one unit lasts (0 = not bought again because it is used up), price range in EUR, weight
CATEGORIES = (
    ("Coffee", "Pantry", 30, (7, 19), 0.16),
    ("Tea", "Pantry", 45, (4, 14), 0.09),
    ("Chocolate", "Pantry", 0, (2, 12), 0.10),
    ("Pet Food", "Pets", 28, (9, 39), 0.09),
    ("Pet Toys", "Pets", 0, (4, 24), 0.05),
    ("Skin Care", "Beauty", 60, (9, 49), 0.12),
    ("Hair Care", "Beauty", 60, (5, 22), 0.08),
    ("Vitamins", "Health", 60, (8, 35), 0.08),
    ("Coffee Makers", "Kitchen", 0, (29, 249), 0.04),
    ("Cookware", "Kitchen", 0, (15, 119), 0.06),
    ("Candles", "Home", 0, (6, 29), 0.07),
    ("Bedding", "Home", 0, (19, 149), 0.06),
)
PRODUCTS_PER_CATEGORY = 20
UNKNOWN_COST_EVERY = 30  # every 30th product has no recorded cost
BRANDS = ("Alder", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Haven")


@dataclass(frozen=True)
class Catalogue:
    """Products as arrays, in the order of their ids; categories are blocks of PRODUCTS_PER_CATEGORY."""

    price_cents: np.ndarray
    cost_cents: np.ndarray  # 0 where unknown
    life_days: np.ndarray
    popularity: np.ndarray  # cumulative over all products
    popularity_within: np.ndarray  # category + cumulative share within it

    @property
    def ids(self) -> pa.Array:
        """Return the product ids."""
        return identifiers("P", np.arange(1, len(self.price_cents) + 1), 4)

    def draw(self, rng: np.random.Generator, category: np.ndarray) -> np.ndarray:
        """Draw one product per row: of the category, or of all where the category is negative."""
        uniform = rng.random(len(category))
        anywhere = np.searchsorted(self.popularity, uniform, side="right")
        within = np.searchsorted(self.popularity_within, np.maximum(category, 0) + uniform, side="right")
        last = len(self.price_cents) - 1
        return np.minimum(np.where(category < 0, anywhere, within), last)

    def table(self) -> pa.Table:
        """Return the products stream."""
        index = np.arange(len(self.price_cents))
        category = index // PRODUCTS_PER_CATEGORY
        known = self.cost_cents > 0
        cost = money(self.cost_cents)
        return pa.table(
            {
                "product_id": self.ids,
                "name": [
                    f"{BRANDS[i % len(BRANDS)]} {CATEGORIES[c][0]} No. {i % PRODUCTS_PER_CATEGORY + 1}"
                    for i, c in zip(index, category, strict=True)
                ],
                "category": [CATEGORIES[c][0] for c in category],
                "department": [CATEGORIES[c][1] for c in category],
                "brand": [BRANDS[i % len(BRANDS)] for i in index],
                "unit_price": money(self.price_cents),
                "unit_cost": cost.take(pa.array(index, mask=~known)),
            }
        )


def build_catalogue(seed: np.random.SeedSequence) -> Catalogue:
    """Draw prices and costs for every product."""
    rng = np.random.default_rng(seed)
    count = len(CATEGORIES) * PRODUCTS_PER_CATEGORY
    category = np.arange(count) // PRODUCTS_PER_CATEGORY
    low = np.array([entry[3][0] for entry in CATEGORIES])[category]
    high = np.array([entry[3][1] for entry in CATEGORIES])[category]
    price = np.floor(low + (high - low) * rng.beta(1.5, 3.0, count)).astype(np.int64) * 100 + 95
    cost = np.round(price * rng.uniform(0.3, 0.6, count)).astype(np.int64)
    cost[UNKNOWN_COST_EVERY - 1 :: UNKNOWN_COST_EVERY] = 0

    zipf = 1.0 / (np.arange(count) % PRODUCTS_PER_CATEGORY + 1.0)
    zipf /= zipf[:PRODUCTS_PER_CATEGORY].sum()
    weights = np.array([entry[4] for entry in CATEGORIES])[category]
    within = category + np.cumsum(zipf.reshape(-1, PRODUCTS_PER_CATEGORY), axis=1).ravel()
    return Catalogue(
        price_cents=price,
        cost_cents=cost,
        life_days=np.array([entry[2] for entry in CATEGORIES])[category],
        popularity=np.cumsum(zipf * weights) / (zipf * weights).sum(),
        popularity_within=within,
    )
