# shellcheck shell=sh
# The mount and its issuing CA: an intermediate, whose root is offline, imported with its key, or for a trial.

# What remains to be done by hand; empty when nothing does.
WAITING=

ensure_authority() {
  ISSUER=$(setting pki issuer issuing)
  ISSUER_TTL=$(setting pki max_ttl 43800h)
  CERTIFICATE=$(setting pki certificate)
  ensure_pki_mount "$MOUNT"
  if look_up "$MOUNT/issuer/$ISSUER"; then
    say unchanged "$MOUNT/issuer/$ISSUER"
    default_issuer "$(found issuer_id)"
  else
    case $(setting pki root offline) in
      offline) offline_root ;;
      imported) import_with_key ;;
      trial) trial_root ;;
    esac
  fi
  tell_where
  ensure "$MOUNT/config/crl" disable=false expiry=72h auto_rebuild=true auto_rebuild_grace_period=60h ocsp_disable=false ocsp_expiry=12h
  ensure "$MOUNT/config/auto-tidy" enabled=true interval_duration=12h \
    tidy_cert_store=true tidy_revoked_certs=true tidy_revoked_cert_issuer_associations=true safety_buffer=72h
}

ensure_pki_mount() { # MOUNT
  ensure_mount secret pki "$1"
  ensure "sys/mounts/$1/tune" "max_lease_ttl=$ISSUER_TTL"
}

# Where verifiers find the CA, its CRL and OCSP. By issuer, so that old leaves find theirs after the next rotation.
tell_where() {
  url=$(setting pki url)
  [ -n "$url" ] || return 0
  base=$url/v1/$MOUNT
  ensure "$MOUNT/config/urls" enable_templating=true "issuing_certificates=$base/issuer/{{issuer_id}}/der" \
    "crl_distribution_points=$base/issuer/{{issuer_id}}/crl/der" "ocsp_servers=$base/ocsp"
}

# The key is made in the mount and never leaves it; the root, wherever it is, signs the request.
offline_root() {
  if [ -n "$CERTIFICATE" ] && [ -r "$CERTIFICATE" ]; then
    look_up "$MOUNT/key/$ISSUER" || die "there is no key $ISSUER in $MOUNT: $CERTIFICATE cannot be of its request"
    import "$MOUNT/intermediate/set-signed" "$CERTIFICATE" "$(found key_id)"
    return
  fi
  csr=$(setting pki csr "$ISSUER.csr")
  if [ -s "$csr" ] && look_up "$MOUNT/key/$ISSUER"; then
    say unchanged "$csr"
  else
    request_into "$csr"
    changed created "$csr"
  fi
  into="set certificate in [pki] to the result"
  [ -z "$CERTIFICATE" ] || into="put the result into $CERTIFICATE, which cannot be read yet"
  WAITING="have your root sign $csr as a CA, $into (PEM, the root's behind it), run this again"
}

# A request of the issuer's key, which is made unless it is there.
request_into() { # FILE
  key=$(setting pki key ec-p384)
  set -- "$1" "common_name=$(setting pki common_name "$ISSUER")"
  organization=$(setting pki organization)
  [ -z "$organization" ] || set -- "$@" "organization=$organization"
  if look_up "$MOUNT/key/$ISSUER"; then
    set -- existing "key_ref=$ISSUER" "$@"
  else
    set -- internal "key_name=$ISSUER" "$@" "key_type=$(key_type "$key")" "key_bits=$(key_bits "$key")"
    changed created "$MOUNT/key/$ISSUER"
  fi
  kind=$1 named=$2 file=$3
  shift 3
  send "$MOUNT/intermediate/generate/$kind" "$named" "$@"
  [ "$DRY_RUN" = yes ] || found_in_answer csr >"$file"
}

# An intermediate that was made elsewhere: one PEM file with its certificate, its key, and the root's certificate.
import_with_key() {
  [ -r "$CERTIFICATE" ] || die "cannot read $CERTIFICATE"
  import "$MOUNT/issuers/import/bundle" "$CERTIFICATE" ""
}

# A root in a mount of its own, which signs at once. Whoever has this Vault has the root.
trial_root() {
  ensure_pki_mount "$MOUNT-root"
  if look_up "$MOUNT-root/issuer/trial"; then
    say unchanged "$MOUNT-root/issuer/trial"
  else
    send "$MOUNT-root/root/generate/internal" issuer_name=trial common_name="Trial root of $MOUNT" \
      key_type=ec key_bits=384 ttl="$ISSUER_TTL"
    changed created "$MOUNT-root/issuer/trial"
  fi
  request_into "$SCRATCH/csr"
  send "$MOUNT-root/root/sign-intermediate" csr=@"$SCRATCH/csr" use_csr_values=true ttl="$ISSUER_TTL"
  if [ "$DRY_RUN" = no ]; then
    found_in_answer certificate >"$SCRATCH/chain"
    "$CLI" read -field=certificate "$MOUNT-root/issuer/trial" >>"$SCRATCH/chain"
    look_up "$MOUNT/key/$ISSUER"
  fi
  import "$MOUNT/intermediate/set-signed" "$SCRATCH/chain" "$(found key_id)"
}

# Imports certificates, names the one that has this key (or any, when none is given), and makes it the default.
import() { # PATH FILE KEY_ID
  case $1 in */bundle) as=pem_bundle ;; *) as=certificate ;; esac
  send "$1" "$as=@$2"
  if [ "$DRY_RUN" = yes ]; then
    changed created "$MOUNT/issuer/$ISSUER"
    return 0
  fi
  issuer_id=$(awk -F '"' -v key="$3" '/^      "[^"]*": "[^"]+"/ && (key == "" || $4 == key) { print $2 }' "$SCRATCH/answer")
  case $issuer_id in
    "" | *[!0-9a-f-]*)
      undo_import
      die "$2 does not hold one certificate of the key $ISSUER in $MOUNT: nothing was kept of it"
      ;;
  esac
  send "$MOUNT/issuer/$issuer_id" "issuer_name=$ISSUER"
  changed created "$MOUNT/issuer/$ISSUER"
  default_issuer "$issuer_id"
}

# What came in with the wrong file goes out again.
undo_import() {
  for each in $(awk -F '"' '/^    "imported_issuers": \[/ { on = 1; next } /^    \]/ { on = 0 } on { print $2 }' "$SCRATCH/answer"); do
    "$CLI" delete "$MOUNT/issuer/$each" >/dev/null
  done
}

default_issuer() { # ISSUER_ID
  ensure "$MOUNT/config/issuers" "default=$1"
}

# PEM out of the answer of a write.
found_in_answer() { # KEY
  sed -n "s/^    \"$1\": \"\(.*\)\",\{0,1\}\$/\1/p" "$SCRATCH/answer" | awk '{ gsub(/\\n/, "\n"); print }'
}
