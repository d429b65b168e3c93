#!/bin/sh
# Makes the login of one leafd: its role-id and a new secret-id, as the files that its configuration names.
set -eu

PROGRAM=secret-id.sh

usage() {
  cat <<EOF
usage: $PROGRAM [--wrap TTL] [--mount MOUNT] LEAFD DIRECTORY

Writes DIRECTORY/role-id and DIRECTORY/secret-id, readable by their owner only; those that are there already keep their
owner and mode. Each run makes a further secret-id; the earlier ones stay good until they end or are destroyed.

  --wrap TTL     deliver a response-wrapped secret-id: good for TTL (such as 10m) and for one reader, so that whoever
                 takes it on the way is found out
  --mount MOUNT  where AppRole is mounted; default approle

Uses the command line of OpenBao or Vault as bootstrap.sh does. The policy leafd-LEAFD-deliver is enough with --wrap.
exit codes: 0 done   1 failed   2 wrong usage
EOF
}

fail() {
  printf '%s: %s\n' "$PROGRAM" "$1" >&2
  exit "${2:-1}"
}

MOUNT=approle
WRAP=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --wrap | --mount) [ $# -gt 1 ] || fail "$1 needs a value" 2 ;;
    -*) usage >&2 && exit 2 ;;
    *) break ;;
  esac
  case $1 in --wrap) WRAP=$2 ;; --mount) MOUNT=$2 ;; esac
  shift 2
done
[ $# -eq 2 ] || { usage >&2 && exit 2; }
LEAFD=$1 DIRECTORY=$2

CLI=${VAULT_CLI:-$(command -v bao || command -v vault || true)}
[ -n "$CLI" ] || fail "neither bao nor vault is on PATH: install one, or set VAULT_CLI" 2
[ -d "$DIRECTORY" ] || fail "$DIRECTORY is no directory" 2

umask 077
role=auth/$MOUNT/role/$LEAFD
scratch=$(mktemp -d "$DIRECTORY/.secret-id.XXXXXX") || fail "cannot write to $DIRECTORY"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# Files that are there keep their owner and mode: the leafd that reads these has to read the next ones.
for each in role-id secret-id; do
  [ ! -f "$DIRECTORY/$each" ] || cp -p "$DIRECTORY/$each" "$scratch/$each"
done
"$CLI" read -field=role_id "$role/role-id" >"$scratch/role-id" ||
  fail "cannot read the role-id of $LEAFD: have bootstrap.sh make [leafd $LEAFD] first, and take a token that may read it"
if [ -n "$WRAP" ]; then
  "$CLI" write -wrap-ttl="$WRAP" -field=wrapping_token -force "$role/secret-id" >"$scratch/secret-id"
else
  "$CLI" write -field=secret_id -force "$role/secret-id" >"$scratch/secret-id"
fi || fail "cannot make a secret-id for $LEAFD"

# Each appears whole. A leafd that waits for a new secret-id sees the one file change.
mv "$scratch/role-id" "$DIRECTORY/role-id"
mv "$scratch/secret-id" "$DIRECTORY/secret-id"
echo "$DIRECTORY/secret-id holds a new ${WRAP:+wrapped }secret-id of $LEAFD"
[ -z "$WRAP" ] || echo "its leafd needs wrapped: { creationPath: $role/secret-id }, and has $WRAP to take it"
