"""Tests of the filters of people."""
