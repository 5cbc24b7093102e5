"""A coherent online shop, simulated: same seed and size, same rows. See docs/simulated-shop.md."""

from include.demo.simulator.run import SimulationError, simulate

__all__ = ["SimulationError", "simulate"]
