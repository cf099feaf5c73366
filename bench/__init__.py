"""Benchmarks: each case beside its baseline in the same run, as ratios. `make bench` writes bench/results.md."""
