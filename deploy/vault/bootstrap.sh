#!/bin/sh
# Sets up the Vault side of leafd. Run it again after each change of the settings: it writes only what differs.
set -eu

PROGRAM=bootstrap.sh
HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

usage() {
  cat <<EOF
usage: $PROGRAM [--dry-run] FILE

Makes a Vault or OpenBao hold what FILE describes: the PKI mount and its intermediate, a role for each service, a login
and a policy for each leafd. example.conf explains the settings, docs/vault.md the reasons.

  --dry-run   say what would change; write nothing

Uses the command line of OpenBao or Vault: \$VAULT_CLI, else bao, else vault. It takes VAULT_ADDR, VAULT_TOKEN,
VAULT_CACERT and VAULT_NAMESPACE, or what bao calls them, from the environment.

Prints one line an object: created, changed (and what), or unchanged. Removes nothing.
exit codes: 0 all is as described   1 failed; run it again   2 wrong usage or settings, nothing was written
            3 all but the intermediate, which waits for the signature of your root
EOF
}

DRY_RUN=no
FILE=
for argument; do
  case $argument in
    -h | --help) usage && exit 0 ;;
    --dry-run) DRY_RUN=yes ;;
    -*) usage >&2 && exit 2 ;;
    *)
      [ -z "$FILE" ] || { usage >&2 && exit 2; }
      FILE=$argument
      ;;
  esac
done
[ -n "$FILE" ] || { usage >&2 && exit 2; }

umask 077
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
trap 'echo "$PROGRAM: stopped; run it again: it goes on from there" >&2 && exit 1' HUP INT TERM

. "$HERE/lib/ensure.sh"
. "$HERE/lib/settings.sh"
. "$HERE/lib/authority.sh"
. "$HERE/lib/roles.sh"
. "$HERE/lib/access.sh"

CLI=${VAULT_CLI:-$(command -v bao || command -v vault || true)}
[ -n "$CLI" ] || usage_error "neither bao nor vault is on PATH: install one, or set VAULT_CLI"
read_settings "$FILE"
MOUNT=$(setting pki mount pki)

ensure_authority
ensure_roles
ensure_access

case $DRY_RUN in
  yes) echo "changes to make: $CHANGES (dry run: nothing was written)" ;;
  no) echo "changes: $CHANGES" ;;
esac
[ -z "$WAITING" ] || { echo "next: $WAITING" && exit 3; }
