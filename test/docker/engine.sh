#!/bin/bash
# A Docker engine in the namespaces that it is started in (mounts, network, processes, control groups), which end with
# it: test/docker/engine.sh DIRECTORY. Its socket is DIRECTORY/docker.sock.
set -eu
directory=$1

ip link set lo up
mount -t tmpfs -o mode=0755 tmpfs /run
# Hierarchies of version 1 show the groups of the whole host until they are mounted anew; those of version 2 do not.
if [ ! -e /sys/fs/cgroup/cgroup.controllers ]; then
  umount --recursive --lazy /sys/fs/cgroup
  mount -t tmpfs -o mode=0755 tmpfs /sys/fs/cgroup
  for controller in $(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups); do
    mkdir "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" || rmdir "/sys/fs/cgroup/$controller"
  done
fi
exec docker-init -- dockerd --host "unix://$directory/docker.sock" --data-root "$directory/data" \
  --exec-root "$directory/exec" --pidfile "$directory/dockerd.pid" --exec-opt native.cgroupdriver=cgroupfs
