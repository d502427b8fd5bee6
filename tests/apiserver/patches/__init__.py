"""Tests of the patch languages; expectations were taken from a kube-apiserver."""
