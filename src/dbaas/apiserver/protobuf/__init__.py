"""Kubernetes' binary encoding of built-in kinds: read, since Go clients write it; never sent, since all read JSON."""

from __future__ import annotations

from dbaas.apiserver.protobuf.wire import ProtobufError, decode_object

__all__ = ["ProtobufError", "decode_object"]
