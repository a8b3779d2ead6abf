"""Tests of live viewing: a simulated camera, the real server, and clients that are not ours."""
