# shellcheck shell=sh
# Reads first, compares, and writes only what differs, so that a second run writes nothing.

CHANGES=0

say() { printf '%-9s %s\n' "$1" "$2${3:+: $3}"; }

changed() { # VERB PATH [DETAIL]
  CHANGES=$((CHANGES + 1))
  say "$@"
}

die() {
  printf '%s: %s\n' "$PROGRAM" "$1" >&2
  exit 1
}

# What the server or its command line said to the last call, and what to do about the commonest.
die_of() { # DOING
  said=$(sed -e '/Error making API request/d' -e '/^URL: /d' -e '/^$/d' "$SCRATCH/error" | tail -n 3 | tr '\n' ' ')
  case $said in
    *"Code: 403"*) hint="VAULT_TOKEN, or the login that the command line keeps, has to be that of an administrator" ;;
    *"Vault is sealed"*) hint="unseal it, and run this again" ;;
    *"to HTTPS client"*) hint="the server speaks no TLS: write VAULT_ADDR with http://" ;;
    *"HTTP request to an HTTPS server"*) hint="the server speaks TLS: write VAULT_ADDR with https://" ;;
    *x509:*) hint="name the CA of the server's certificate in VAULT_CACERT" ;;
    *"dial tcp"*) hint="look at VAULT_ADDR (${VAULT_ADDR:-${BAO_ADDR:-which is not set}}), and whether the server runs" ;;
    *) hint= ;;
  esac
  die "$1: ${said% }${hint:+
  $hint}"
}

usage_error() {
  printf '%s: %s\n' "$PROGRAM" "$1" >&2
  exit 2
}

# What the server says to a read, into $SCRATCH/current. Fails when there is nothing; ends the run when that cannot be told.
look_up() { # PATH
  "$CLI" read -format=json "$1" >"$SCRATCH/current" 2>"$SCRATCH/error" && return 0
  grep -Eq "$ABSENT" "$SCRATCH/error" && return 1
  die_of "cannot read $1"
}
ABSENT='No value found|No (secret|auth) engine|cannot fetch sysview|unable to find PKI|no handler for route|unsupported path|Code: 404'

# One member of what look_up found.
found() { # KEY
  sed -n "s/^    \"$1\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$SCRATCH/current"
}

# Sends a write, unless this is a dry run; the answer, JSON, is in $SCRATCH/answer.
send() { # PATH KEY=VALUE...
  [ "$DRY_RUN" = no ] || return 0
  path=$1
  shift
  "$CLI" write -format=json "$path" "$@" >"$SCRATCH/answer" 2>"$SCRATCH/error" ||
    die_of "cannot write $path"
}

# Makes an object hold these settings. `?key` is for servers that know the key, `!key` cannot be read back.
ensure() { # PATH KEY=VALUE...
  object=$1
  shift
  printf '%s\n' "$@" >"$SCRATCH/wanted"
  verb=created difference=
  if look_up "$object"; then
    difference=$(awk -f "$HERE/lib/compare.awk" "$SCRATCH/wanted" "$SCRATCH/current")
    if [ -z "$difference" ]; then
      say unchanged "$object"
      return 0
    fi
    verb=changed
  fi
  for each; do # Without the marks.
    shift
    set -- "$@" "${each#[?!]}"
  done
  send "$object" "$@"
  changed "$verb" "$object" "$difference"
}

ensure_mount() { # secret|auth TYPE PATH
  case $1 in
    secret) at=sys/mounts/$3 ;;
    auth) at=sys/auth/$3 ;;
  esac
  if look_up "$at"; then
    [ "$(found type)" = "$2" ] || die "$at is of type $(found type), and not $2: choose another mount"
    say unchanged "$at"
    return 0
  fi
  send "$at" type="$2"
  changed created "$at"
}

# A policy out of the templates in policies/.
ensure_policy() { # NAME FILE
  if "$CLI" policy read "$1" >"$SCRATCH/current" 2>"$SCRATCH/error"; then
    if [ "$(cat "$SCRATCH/current")" = "$(cat "$2")" ]; then
      say unchanged "policy $1"
      return 0
    fi
    verb=changed
  else
    grep -q 'No policy named' "$SCRATCH/error" || die_of "cannot read the policy $1"
    verb=created
  fi
  if [ "$DRY_RUN" = no ]; then
    "$CLI" policy write "$1" "$2" >/dev/null 2>"$SCRATCH/error" ||
      die_of "cannot write the policy $1"
  fi
  changed "$verb" "policy $1"
}
