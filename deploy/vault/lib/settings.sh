# shellcheck shell=sh
# The settings file, read once into $SCRATCH/settings.

read_settings() { # FILE
  [ -r "$1" ] || usage_error "cannot read $1"
  awk -f "$HERE/lib/settings.awk" "$1" >"$SCRATCH/settings" || exit 2
}

# What the file says, else the default; nothing when there is neither.
setting() { # SECTION KEY [DEFAULT]
  awk -F '\t' -v section="$1" -v key="$2" -v value="${3-}" \
    '$1 == section && $2 == key { value = $3 } END { print value }' "$SCRATCH/settings"
}

has_section() { # SECTION
  awk -F '\t' -v section="$1" '$1 == section { found = 1 } END { exit !found }' "$SCRATCH/settings"
}

# The names of all sections of a kind, in the order of the file.
sections() { # service|leafd
  awk -F '\t' -v kind="$1" '$2 == "" && index($1, kind " ") == 1 { print substr($1, length(kind) + 2) }' "$SCRATCH/settings"
}
