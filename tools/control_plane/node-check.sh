#!/usr/bin/env bash
# Whether this machine can be a node: prints the address that pods will reach it by, or
# says on standard error why not, with exit code 3. Changes nothing.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
never() { echo "this machine cannot be a node: $*" >&2 && exit 3; }

[ "$(uname)" = Linux ] || never "it is no Linux"
[ "$(id -u)" = 0 ] || never "that needs root"
missing=()
for each in containerd runc nft:nftables mmdebstrap; do
	command -v "${each%:*}" >/dev/null || missing+=("${each#*:}")
done
[ -x "${CNI_BIN:-/usr/lib/cni}/bridge" ] || missing+=(containernetworking-plugins)
[ ${#missing[@]} = 0 ] || never "the Debian packages are missing: ${missing[*]}"
unshare --mount --net true 2>/dev/null || never "it may make no namespaces for mounts and networks"
nft list tables >/dev/null 2>&1 || never "it may make no nftables rules"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then group=/sys/fs/cgroup; else group=/sys/fs/cgroup/memory; fi
[ -w "$group" ] && ! grep -E "^[^ ]+ $group [^ ]+ ro[, ]" /proc/self/mounts >/dev/null || never "it may make no cgroups in $group"
address=$(hostname -I | cut -d' ' -f1)
[ -n "$address" ] || never "it has no address but loopback, which pods cannot reach"
echo "$address"
