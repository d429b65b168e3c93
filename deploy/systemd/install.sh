#!/bin/sh
# Installs leafd on a host with systemd, upgrades it, or takes it away again. Run it as root from an unpacked release or
# a checkout that was built: deploy/systemd/install.sh [--root DIR] [--uninstall]
set -eu

root=
uninstall=
while [ $# -gt 0 ]; do
  case $1 in
    --root) root=${2:?--root needs a directory}; shift ;;
    --uninstall) uninstall=yes ;;
    -h | --help) sed -n '2,3s/^# //p' "$0"; exit 0 ;;
    *) echo "install.sh: there is no option $1; --help lists them" >&2; exit 2 ;;
  esac
  shift
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
lib=$root/usr/local/lib
program=$root/usr/local/bin/leafd

# Only where a systemd runs that these files are for.
live() {
  [ -z "$root" ] && [ -d /run/systemd/system ]
}

if [ -n "$uninstall" ]; then
  if live; then
    systemctl disable --now leafd.service || true
    systemctl disable leafd-once@.service || true
  fi
  rm -f "$program" "$lib/systemd/system/leafd.service" "$lib/systemd/system/leafd-once@.service" \
    "$lib/sysusers.d/leafd.conf" "$lib/tmpfiles.d/leafd.conf"
  if live; then systemctl daemon-reload; fi
  echo "leafd is gone. The certificates in $root/var/lib/leafd, the configuration in $root/etc/leafd and the user stay:"
  echo "dependents go on with the pairs they have until these end, and nobody renews them. When nothing uses them any more,"
  echo "revoke and remove them: docs/upgrade.md, \"Removing leafd\"."
  gated=$(grep -rls 'leafd-once@' "$root/etc/systemd/system" || true)
  if [ -n "$gated" ]; then
    echo "Take leafd-once@ out of these: what requires the gate does not start any more without it."
    echo "$gated"
  fi
  exit 0
fi

bundle=
for each in "$here/../../leafd.mjs" "$here/../../dist/leafd.mjs"; do
  if [ -f "$each" ]; then bundle=$each; break; fi
done
if [ -z "$bundle" ]; then
  echo "install.sh: there is no leafd.mjs beside these files; run \`npm run build\` first" >&2
  exit 1
fi
# Where services look for node, and not where this shell does: that one may be of a version manager.
version_of() {
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin node "$1" version
}
if [ -z "$root" ] && ! version_of "$bundle" >/dev/null; then
  echo "install.sh: leafd needs Node 24.12 or newer as \`node\` in the PATH of services (/usr/local/bin or /usr/bin)" >&2
  exit 1
fi

# One that runs is kept until its successor does.
running=
if live && [ -f "$program" ] && systemctl is-active --quiet leafd.service; then
  running=yes
  was=$(version_of "$program" | cut -d ' ' -f 2)
  cp -fp "$program" "$program.before"
fi

# Renamed into place: a leafd that runs keeps the file it was started from.
install -D -m 0755 "$bundle" "$program.new"
mv -f "$program.new" "$program"
install -D -m 0644 "$here/leafd.service" "$lib/systemd/system/leafd.service"
install -D -m 0644 "$here/leafd-once@.service" "$lib/systemd/system/leafd-once@.service"
install -D -m 0644 "$here/leafd.sysusers.conf" "$lib/sysusers.d/leafd.conf"
install -D -m 0644 "$here/leafd.tmpfiles.conf" "$lib/tmpfiles.d/leafd.conf"
if live; then
  systemd-sysusers leafd.conf
  systemd-tmpfiles --create leafd.conf
  systemctl daemon-reload
  if [ -n "$(find /var/lib/leafd -uid 0 -print -quit)" ]; then
    echo "Some files below /var/lib/leafd are root's, of a leafd that ran as root; this one runs as leafd and cannot use them."
    echo "Give them to it first: \`chown -R leafd: /var/lib/leafd\`, and mind what output.owner and output.group name."
  fi
  if [ -n "$running" ]; then
    is=$(version_of "$program" | cut -d ' ' -f 2)
    if ! systemctl restart leafd.service; then
      mv -f "$program.before" "$program"
      systemctl reset-failed leafd.service || true
      if systemctl restart leafd.service; then
        echo "install.sh: leafd $is does not start; $was was put back and runs. Why: journalctl -u leafd.service" >&2
      else
        echo "install.sh: leafd $is does not start, and $was, which was put back, does not either. The certificates stay, and" >&2
        echo "nobody renews them until it is repaired. Why: journalctl -u leafd.service" >&2
      fi
      exit 1
    fi
    rm -f "$program.before"
    echo "leafd was upgraded from $was to $is and restarted; that cost no certificate."
  else
    echo "leafd is installed. Write /etc/leafd/leafd.yaml (root:leafd, 0640), see that \`runuser -u leafd -- leafd check\`"
    echo "likes it, then \`systemctl enable --now leafd\`."
  fi
elif [ -z "$root" ]; then
  echo "leafd is installed; no systemd runs here that could be told."
fi
