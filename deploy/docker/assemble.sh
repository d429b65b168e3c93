#!/bin/sh
# Puts together the root file system of the image: deploy/docker/assemble.sh DIRECTORY VERSION. Runs as root in the first
# stage of the Dockerfile, on a Debian that has node, tini and ca-certificates, from the top of the checkout.
set -eu
root=$1
version=$2
user=65532
library=/usr/local/lib/leafd

say() {
  echo "assemble.sh: $*" >&2
}

if [ ! -f dist/leafd.mjs ]; then
  npm ci --no-fund --no-audit
  npm run -s build
fi
newer=$(find src package.json -type f -newer dist/leafd.mjs | head -n 1)
if [ -n "$newer" ]; then
  say "$newer is newer than dist/leafd.mjs: build it anew with npm run build, or remove dist/ to have it built here"
  exit 1
fi

# The same links at the top as the base has, /lib to usr/lib above all.
mkdir -p "$root"
for link in bin lib lib64 sbin; do
  if [ -L "/$link" ]; then ln -s "$(readlink "/$link")" "$root/$link"; fi
done

# A program, at the same path, with the libraries that it is linked to.
bring() {
  for file in "$1" $(ldd "$1" | grep -o '/[^ ]*'); do
    folder=$(readlink -f "$(dirname "$file")")
    install -D -m 0755 "$(readlink -f "$file")" "$root$folder/$(basename "$file")"
    remember "$(readlink -f "$file")"
  done
}

# Of which package a file is, for scanners (as in distroless images), and under which licence. Packages of before the
# merge of /usr know their files without it.
remember() {
  package=$(dpkg-query --search "$1" "${1#/usr}" 2>/dev/null | head -n 1 | cut -d: -f1)
  [ -n "$package" ] || return 0
  install -d "$root/var/lib/dpkg/status.d" "$root/usr/share/doc/$package"
  dpkg-query --status "$package" >"$root/var/lib/dpkg/status.d/$package"
  cp -L "/usr/share/doc/$package/copyright" "$root/usr/share/doc/$package/copyright"
}

node=$(command -v node)
bring "$node"
bring "$(command -v tini)"
install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
remember /usr/sbin/update-ca-certificates
if [ -f /usr/local/LICENSE ]; then install -D -m 0644 /usr/local/LICENSE "$root/usr/share/doc/node/LICENSE"; fi

# There is no env(1) in the image, so that the program names its interpreter itself.
install -d "$root$library" "$root/usr/local/bin"
sed "1s|.*|#!$node|" dist/leafd.mjs >"$root$library/leafd.mjs"
chmod 0755 "$root$library/leafd.mjs"
ln -s ../lib/leafd/leafd.mjs "$root/usr/local/bin/leafd"
for file in LICENSE dist/THIRD-PARTY-LICENSES.txt dist/leafd.cdx.json; do
  install -D -m 0644 "$file" "$root/usr/share/doc/leafd/$(basename "$file")"
done

install -d "$root/etc/leafd" "$root/run"
install -d -m 1777 "$root/tmp"
# Volumes that are made for these places belong to leafd: its own, and one for pairs that others read.
install -d -m 0750 -o "$user" -g "$user" "$root/var/lib/leafd"
install -d -m 0755 -o "$user" -g "$user" "$root/tls"
printf 'root:x:0:0:root:/:/nonexistent\nleafd:x:%s:%s:leafd:/var/lib/leafd:/nonexistent\n' "$user" "$user" >"$root/etc/passwd"
printf 'root:x:0:\nleafd:x:%s:\n' "$user" >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

# From here on in the image, as its user: what is missing shows now.
within() {
  chroot --userspec="$user:$user" "$root" "$@"
}
found=$(within "$node" "$library/leafd.mjs" version | cut -d ' ' -f 2)
if [ "$found" != "$version" ]; then
  say "dist/leafd.mjs is leafd $found and the image is to be $version: build it anew, or pass --build-arg VERSION=$found"
  exit 1
fi

# The compiled code of what a start needs, kept when the program ends: a daemon that finds no Vault.
trial=$root/tmp/trial
install -d -o "$user" -g "$user" "$root$library/compiled" "$trial"
cat >"$trial/leafd.yaml" <<'YAML'
vault: { address: "http://127.0.0.1:9", auth: { token: none } }
issuers: { none: { vault: { role: none } } }
stateDir: /tmp/trial/state
services: { none: { identity: { commonName: none.test }, output: { directory: /tmp/trial/none } } }
observe: { listen: "off" }
YAML
within "$node" "$library/leafd.mjs" check --config /tmp/trial/leafd.yaml
code=0
NODE_COMPILE_CACHE=$library/compiled timeout --signal=TERM 5 chroot --userspec="$user:$user" "$root" \
  "$node" "$library/leafd.mjs" run --config /tmp/trial/leafd.yaml || code=$?
if [ "$code" -ne 124 ] || [ -z "$(find "$root$library/compiled" -type f)" ]; then
  say "leafd run ended with $code, or kept no compiled code"
  exit 1
fi
chown -R 0:0 "$root$library/compiled"
chmod -R a+rX "$root$library/compiled"
rm -rf "$trial"
