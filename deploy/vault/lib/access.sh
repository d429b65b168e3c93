# shellcheck shell=sh
# How each leafd logs in, and the one policy that says what it may do.

APPROLE=
KUBERNETES=

ensure_access() {
  APPROLE=$(setting approle mount approle)
  KUBERNETES=$(setting kubernetes mount kubernetes)
  methods=$(for leafd in $(sections leafd); do setting "leafd $leafd" auth approle; done | sort -u)
  for method in $methods; do "ensure_$method"; done
  for leafd in $(sections leafd); do
    section="leafd $leafd"
    ensure_policies "$section" "$leafd"
    method=$(setting "$section" auth approle)
    "ensure_${method}_role" "$section" "$leafd"
  done
}

ensure_approle() { ensure_mount auth approle "$APPROLE"; }

ensure_kubernetes() {
  ensure_mount auth kubernetes "$KUBERNETES"
  set -- "kubernetes_host=$(setting kubernetes host)"
  ca_file=$(setting kubernetes ca_file)
  jwt_file=$(setting kubernetes reviewer_jwt_file)
  # Without them Vault runs in the cluster and uses what its own pod has; without the token, that of who logs in.
  [ -z "$ca_file" ] || set -- "$@" "kubernetes_ca_cert=@$ca_file" disable_local_ca_jwt=true
  [ -z "$jwt_file" ] || set -- "$@" "!token_reviewer_jwt=@$jwt_file"
  ensure "auth/$KUBERNETES/config" "$@"
}

# One policy to run with, one more for `check --online`, and one for whoever delivers secret-ids.
ensure_policies() { # SECTION LEAFD
  fill token >"$SCRATCH/policy"
  fill check >"$SCRATCH/check"
  for service in $(setting "$1" services | tr , ' '); do
    for role in "$service" $(reserve_of "$service"); do
      fill sign "$role" >>"$SCRATCH/policy"
      fill read-role "$role" >>"$SCRATCH/check"
    done
  done
  [ "$(setting "$1" revoke_old no)" = no ] || fill revoke >>"$SCRATCH/policy"
  policies=leafd-$2
  ensure_policy "leafd-$2" "$SCRATCH/policy"
  if [ "$(setting "$1" check yes)" = yes ]; then
    policies=$policies,leafd-$2-check
    ensure_policy "leafd-$2-check" "$SCRATCH/check"
  fi
  [ "$(setting "$1" deliver no)" = yes ] || return 0
  fill deliver "" "$2" >"$SCRATCH/policy"
  ensure_policy "leafd-$2-deliver" "$SCRATCH/policy"
}

reserve_of() { [ -z "$(setting "service $1" reserve_ttl)" ] || echo "$1-reserve"; }

fill() { # TEMPLATE [ROLE] [LEAFD]
  sed -e "s|@MOUNT@|$MOUNT|g" -e "s|@ROLE@|${2-}|g" -e "s|@LEAFD@|${3-}|g" -e "s|@APPROLE@|$APPROLE|g" "$HERE/policies/$1.hcl"
}

ensure_approle_role() { # SECTION LEAFD
  ensure "auth/$APPROLE/role/$2" "token_policies=$policies" \
    "token_ttl=$(setting "$1" token_ttl 1h)" "token_max_ttl=$(setting "$1" token_max_ttl 24h)" \
    token_no_default_policy=true token_period=0 token_num_uses=0 bind_secret_id=true \
    "token_bound_cidrs=$(setting "$1" cidrs)" "secret_id_bound_cidrs=$(setting "$1" cidrs)" \
    "secret_id_ttl=$(setting "$1" secret_id_ttl 0s)" "secret_id_num_uses=$(setting "$1" secret_id_uses 0)"
}

ensure_kubernetes_role() { # SECTION LEAFD
  ensure "auth/$KUBERNETES/role/$2" "token_policies=$policies" \
    "token_ttl=$(setting "$1" token_ttl 1h)" "token_max_ttl=$(setting "$1" token_max_ttl 24h)" \
    token_no_default_policy=true token_period=0 token_num_uses=0 "token_bound_cidrs=$(setting "$1" cidrs)" \
    "bound_service_account_names=$(setting "$1" service_account "$2")" \
    "bound_service_account_namespaces=$(setting "$1" namespace)" \
    "audience=$(setting "$1" audience vault)" alias_name_source=serviceaccount_uid
}
