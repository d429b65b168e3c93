#!/bin/sh
# Prints the configuration of one leafd that fits what bootstrap.sh made of the same settings. Asks no server.
set -eu

PROGRAM=leafd-config.sh
HERE=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

usage() {
  cat <<EOF
usage: $PROGRAM [OPTION]... LEAFD FILE

Prints a leafd.yaml for LEAFD of the settings FILE: the login, an issuer for each role, a service for each service.
Add the reload of each service, and what else you need of docs/configuration.md.

  --wrapped                the secret-id is delivered wrapped
  --credentials DIRECTORY  where role-id and secret-id lie; default /etc/leafd
  --token-file FILE        the projected token of a pod; default /var/run/secrets/leafd/token
  --output DIRECTORY       each service's pair goes to a directory below; default /var/lib/leafd/live

The address is \$VAULT_ADDR, the CA file \$VAULT_CACERT.
exit codes: 0 done   2 wrong usage or settings
EOF
}

CREDENTIALS=/etc/leafd
OUTPUT=/var/lib/leafd/live
TOKEN_FILE=/var/run/secrets/leafd/token
WRAPPED=no
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage && exit 0 ;;
    --wrapped) WRAPPED=yes ;;
    --credentials | --output | --token-file) [ $# -gt 1 ] || { usage >&2 && exit 2; } ;;
    -*) usage >&2 && exit 2 ;;
    *) break ;;
  esac
  case $1 in
    --credentials) CREDENTIALS=$2 && shift ;;
    --output) OUTPUT=$2 && shift ;;
    --token-file) TOKEN_FILE=$2 && shift ;;
  esac
  shift
done
[ $# -eq 2 ] || { usage >&2 && exit 2; }
LEAFD=$1 FILE=$2

SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
trap 'exit 1' HUP INT TERM

. "$HERE/lib/ensure.sh"
. "$HERE/lib/settings.sh"

read_settings "$FILE"
SECTION="leafd $LEAFD"
has_section "$SECTION" || usage_error "$FILE has no section [$SECTION]"

# A name, or several with commas between them, as YAML takes for text whatever they look like: `no` and `1.5` are names too.
text() { printf '"%s"' "$1" | sed 's/,/", "/g'; }

login() {
  if [ "$(setting "$SECTION" auth approle)" = kubernetes ]; then
    echo "    kubernetes: { mount: $(text "$(setting kubernetes mount kubernetes)"), role: $(text "$LEAFD"), tokenFile: $(text "$TOKEN_FILE") }"
    return
  fi
  mount=$(setting approle mount approle)
  wrapped=
  [ "$WRAPPED" = no ] || wrapped=", wrapped: { creationPath: $(text "auth/$mount/role/$LEAFD/secret-id") }"
  files="roleIdFile: $(text "$CREDENTIALS/role-id"), secretIdFile: $(text "$CREDENTIALS/secret-id")"
  echo "    approle: { mount: $(text "$mount"), $files$wrapped }"
}

service() { # NAME
  section="service $1"
  names=$(setting "$section" names)
  uris=$(setting "$section" uris)
  common_name=$(setting "$section" common_name required)
  identity=
  [ -z "$names" ] || identity="dns: [$(text "$names")]"
  [ -z "$names" ] || [ "$common_name" = optional ] || identity="commonName: $(text "${names%%,*}"), $identity"
  [ -z "$uris" ] || identity="$identity${identity:+, }uris: [$(text "$uris")]"
  echo "  $(text "$1"):"
  echo "    issuers: [$(text "$1")]"
  echo "    identity: { $identity }"
  echo "    key: $(setting "$section" key ec-p256)"
  echo "    usages: [$(setting "$section" usages server,client)]"
  [ "$(setting "$SECTION" revoke_old no)" = no ] || echo "    revokeOld: true"
  echo "    output: { directory: $(text "$OUTPUT/$1") }"
  case $(setting "$section" usages server,client) in
    *server*) echo "    # Who is told of a new pair, and where it is served: reload: [{ systemd: NAME.service }], probe: { tls: \"127.0.0.1:PORT\" }" ;;
  esac
  reserve=$(setting "$section" reserve_ttl)
  [ -z "$reserve" ] || echo "    outage: { reserve: { ttl: $reserve, role: $(text "$1-reserve") } }"
}

services=$(setting "$SECTION" services | tr , ' ')
echo "vault:"
echo "  address: $(text "${VAULT_ADDR:-${BAO_ADDR:-https://vault.internal:8200}}")"
cacert=${VAULT_CACERT:-${BAO_CACERT:-}}
[ -z "$cacert" ] || echo "  tls: { caFile: $(text "$cacert") }"
[ -z "${VAULT_NAMESPACE:-}" ] || echo "  namespace: $(text "$VAULT_NAMESPACE")"
echo "  auth:"
login
echo "issuers:"
for each in $services; do echo "  $(text "$each"): { vault: { mount: $(text "$(setting pki mount pki)"), role: $(text "$each") } }"; done
echo "services:"
for each in $services; do service "$each"; done
