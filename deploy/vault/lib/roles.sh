# shellcheck shell=sh
# One role a service: its names, its key, its usages, and nothing besides.

ensure_roles() {
  for service in $(sections service); do
    section="service $service"
    lifetimes "$section"
    ensure_role "$section" "$service" "$ttl" "$max_ttl" "$(setting "$section" store no)"
    reserve_ttl=$(setting "$section" reserve_ttl)
    # Few and long-lived: those are kept, so that they can be listed, and revoked by their serial numbers.
    [ -z "$reserve_ttl" ] || ensure_role "$section" "$service-reserve" "$reserve_ttl" "$reserve_ttl" yes
  done
}

lifetimes() { # SECTION
  ttl=$(setting "$1" ttl 24h)
  max_ttl=$(setting "$1" max_ttl "$ttl")
}

ensure_role() { # SECTION ROLE TTL MAX_TTL STORE
  names=$(setting "$1" names)
  uris=$(setting "$1" uris)
  common_name=$(setting "$1" common_name "$([ -n "$names" ] && echo required || echo optional)")
  usages=,$(setting "$1" usages server,client),
  key=$(setting "$1" key ec-p256)
  key_usage=DigitalSignature
  case $key in rsa-*) key_usage=DigitalSignature,KeyEncipherment ;; esac
  # All that widens a role is said, also where it is the server's default: what somebody opened by hand is closed again.
  ensure "$MOUNT/roles/$2" \
    "allowed_domains=$names" allow_bare_domains=true \
    allow_subdomains=false allow_glob_domains=false allow_wildcard_certificates=false \
    allow_any_name=false allow_localhost=false allowed_domains_template=false enforce_hostnames=true \
    "allowed_uri_sans=$uris" allowed_uri_sans_template=false \
    "allow_ip_sans=$(is "$(setting "$1" ips no)" yes)" \
    allowed_other_sans= allowed_serial_numbers= cn_validations=hostname \
    "require_cn=$(is "$common_name" required)" \
    use_csr_common_name=true use_csr_sans=true \
    "key_type=$(key_type "$key")" "key_bits=$(key_bits "$key")" "key_usage=$key_usage" \
    "server_flag=$(holds "$usages" server)" "client_flag=$(holds "$usages" client)" \
    code_signing_flag=false email_protection_flag=false ext_key_usage= ext_key_usage_oids= \
    basic_constraints_valid_for_non_ca=false policy_identifiers= \
    "ttl=$3" "max_ttl=$4" not_before_duration=30s \
    '?not_after_bound=ttl-limited' '?not_before_bound=forbid' \
    generate_lease=false "no_store=$(is "$5" no)"
}

is() { [ "$1" = "$2" ] && echo true || echo false; }
holds() { case $1 in *",$2,"*) echo true ;; *) echo false ;; esac; }
key_type() { case $1 in ec-*) echo ec ;; rsa-*) echo rsa ;; *) echo "$1" ;; esac; }
key_bits() { case $1 in ed25519) echo 0 ;; *) echo "${1#*-}" | tr -d p ;; esac; }
