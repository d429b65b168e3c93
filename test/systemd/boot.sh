#!/bin/bash
# boot.sh DIRECTORY NAME: boots the Debian in DIRECTORY with its systemd as PID 1, on the host's network, and stays until
# it is down. Needs root; the host may have any init. Its control groups are those of NAME alone.
set -eu
directory=$1 name=$2

hierarchies() {
  if [ -f /sys/fs/cgroup/cgroup.controllers ]; then echo /sys/fs/cgroup; else
    for each in systemd unified; do [ ! -d "/sys/fs/cgroup/$each" ] || echo "/sys/fs/cgroup/$each"; done
  fi
}

# nspawn makes the groups of the payload below the group that it runs in.
for each in $(hierarchies); do
  mkdir -p "$each/$name"
  echo $$ >"$each/$name/cgroup.procs"
done

inside() {
  mount --make-rprivate /
  umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
  if [ "$1" = unified ]; then
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
  else
    mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
    mkdir /sys/fs/cgroup/systemd /sys/fs/cgroup/unified
    mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
    mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified
  fi
  exec systemd-nspawn --quiet --directory="$2" --machine="$3" --boot --register=no --keep-unit --console=pipe \
    --kill-signal=SIGRTMIN+3 --link-journal=no --resolv-conf=off
}
export -f inside
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then mode=unified; flags=; else mode=hybrid; flags=--cgroup; fi
exec unshare --mount $flags --propagation private bash -c 'inside "$@"' inside "$mode" "$directory" "$name"
