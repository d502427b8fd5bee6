"""What the objects of a cluster are called."""

from __future__ import annotations

from conformance.provider import MEMBERS, SERVER_INSTANCE
from dbaas.providers.statefulset import names


def test_names_follow_from_the_cluster_and_the_instance() -> None:
    assert names.config_name(SERVER_INSTANCE) == "main-settings"
    assert names.claim_name(SERVER_INSTANCE) == "data-main-0"
    assert names.headless_name("main") == "main-pods"
    assert names.host_of("main-rw", "shop") == "main-rw.shop.svc.cluster.local"


def test_a_key_of_a_config_map_has_no_slash() -> None:
    assert names.config_key("conf.d/a.conf") == "conf.d..a.conf"


def test_what_members_write_in_the_api_is_not_called_as_what_we_write() -> None:
    """They have a note `main-config`."""
    assert [names.config_name(each) for each in MEMBERS] == ["main-files", "main-2-files", "main-3-files"]
    assert names.pod_name(MEMBERS[1]) == "main-2-0"
