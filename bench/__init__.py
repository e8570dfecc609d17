"""Speeds, side by side in one run on one machine. Numbers of different runs are not comparable: the machine is small and noisy."""
