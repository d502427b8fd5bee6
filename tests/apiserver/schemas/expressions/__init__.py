"""Tests of CEL rules; expectations were taken from a kube-apiserver."""
