"""Customer lifetime value: how many orders a customer will place (BG/NBD), and their worth (Gamma-Gamma)."""
