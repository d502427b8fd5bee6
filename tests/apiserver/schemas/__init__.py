"""Tests of structural schemas; expectations were taken from a kube-apiserver."""
