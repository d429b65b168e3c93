#!/bin/bash
# The second half of run.sh, in the namespaces: control groups, shared mounts and a network that leads nowhere.
set -eu
unified=$([ -f /sys/fs/cgroup/cgroup.controllers ] && echo yes || echo no)
umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
if [ "$unified" = yes ]; then
  mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for each in $(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups); do
    mkdir "/sys/fs/cgroup/$each"
    mount -t cgroup -o "$each" cgroup "/sys/fs/cgroup/$each" 2>/dev/null || rmdir "/sys/fs/cgroup/$each"
  done
  mkdir /sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup /sys/fs/cgroup/systemd
fi
# Where containerd and the kubelet leave things behind.
for each in /run/netns /run/containerd /var/lib/kubelet /var/log/containers; do
  mkdir -p "$each"
  mount -t tmpfs tmpfs "$each"
done
mount --make-rshared /

ip link set lo up
ip link add node0 type bridge
ip address add 10.77.0.1/24 dev node0
ip link add port0 type veth peer name port1
ip link set port0 master node0
for each in port0 port1 node0; do ip link set "$each" up; done
ip route add default via 10.77.0.254 dev node0
echo 1 >/proc/sys/net/ipv4/ip_forward

exec node test/kubernetes/pods/main.ts
