"""Volumes and claims."""

from __future__ import annotations

from dbaas.manifests.volumes import build_claim, build_scratch, from_config_map, from_secret, mount_claim, project


def test_a_claim_without_a_class_leaves_it_to_the_cluster() -> None:
    assert "storageClassName" not in build_claim({"name": "data"}, "1Gi", None)["spec"]
    spec = build_claim({"name": "data"}, "1Gi", "fast")["spec"]
    assert (spec["storageClassName"], spec["resources"]) == ("fast", {"requests": {"storage": "1Gi"}})


def test_keys_of_several_objects_are_in_one_folder_that_only_the_group_reads() -> None:
    volume = project("files", [from_config_map("conf", {"a": "x/a"}), from_secret("login", {"password": "x/pw"})])
    assert volume["projected"]["defaultMode"] == 0o440
    assert volume["projected"]["sources"] == [
        {"configMap": {"name": "conf", "items": [{"key": "a", "path": "x/a"}]}},
        {"secret": {"name": "login", "items": [{"key": "password", "path": "x/pw"}]}},
    ]


def test_what_is_scratch_is_on_disk_unless_memory_is_asked_for() -> None:
    assert build_scratch("tmp") == {"name": "tmp", "emptyDir": {}}
    assert build_scratch("shm", in_memory=True)["emptyDir"] == {"medium": "Memory"}


def test_a_claim_is_mounted_by_its_name() -> None:
    assert mount_claim("data", "data-main-0")["persistentVolumeClaim"] == {"claimName": "data-main-0"}
