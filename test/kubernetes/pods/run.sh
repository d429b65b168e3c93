#!/bin/bash
# Runs leafd in real pods: a control plane and one node with containerd, in namespaces of their own that end with this
# script. Too heavy for CI. Needs root on a Debian, and Go; installs and builds what else it needs, the first time. Prints
# one line for each thing that was seen; exit code 0: all of them.
set -eu
cd "$(dirname "$0")/../../.."
export PATH="$PWD/node_modules/.bin:$PATH"
npm run -s build
node test/kubernetes/prepare.ts --node
others=$(find /sys/fs/cgroup -type d -name 'kubepods*' | head -1)
# Private propagation first: what is mounted here is seen nowhere else. With the process namespace all of it dies, and
# that ends with its first process, which takes no other signal.
unshare --net --mount --pid --cgroup --fork --kill-child --mount-proc --propagation private \
  bash test/kubernetes/pods/inside.sh &
trap 'kill -KILL $!' INT TERM
code=0
wait $! || code=$?
# Control groups are seen everywhere: those of the pods are removed, unless the host has a kubelet of its own.
[ -n "$others" ] || find /sys/fs/cgroup -depth -type d -path '*/kubepods*' -exec rmdir {} \; 2>/dev/null || true
exit "$code"
