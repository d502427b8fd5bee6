"""Tests of field ownership and server-side apply; expectations were taken from a kube-apiserver."""
