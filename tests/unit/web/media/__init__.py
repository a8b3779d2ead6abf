"""Tests of live viewing without a camera or a browser."""
