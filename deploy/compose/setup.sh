#!/bin/sh
# Sets up the PKI of docker-compose.yml: setup.sh CLI, where CLI is bao or vault. May run again: what is there stays, the
# secret-id is a new one each time.
set -eu
umask 077
cli=$1
has() { "$cli" "$1" list -format=json | grep -q "\"$2/\""; }

# A root that signs one intermediate. In earnest the root is offline, or somebody else's.
if ! "$cli" list pki/issuers >/dev/null 2>&1; then
  has secrets pki-root || "$cli" secrets enable -path=pki-root -max-lease-ttl=87600h pki
  "$cli" write -field=certificate pki-root/root/generate/internal common_name="Demo Root" ttl=87600h key_type=ec >/tmp/root.pem
  has secrets pki || "$cli" secrets enable -path=pki -max-lease-ttl=8760h pki
  "$cli" write -field=csr pki/intermediate/generate/internal common_name="Demo Intermediate" key_type=ec >/tmp/csr.pem
  "$cli" write -field=certificate pki-root/root/sign-intermediate csr=@/tmp/csr.pem format=pem_bundle ttl=8760h >/tmp/chain.pem
  printf '\n' | cat - /tmp/root.pem >>/tmp/chain.pem
  "$cli" write pki/intermediate/set-signed certificate=@/tmp/chain.pem
fi

"$cli" write pki/roles/demo allowed_domains=demo allow_subdomains=true allowed_uri_sans='spiffe://demo/*' \
  key_type=any ttl=10m max_ttl=24h no_store=true

"$cli" policy write leafd - <<'HCL'
path "pki/sign/demo" { capabilities = ["update"] }
HCL
has auth approle || "$cli" auth enable approle
"$cli" write auth/approle/role/leafd token_policies=leafd token_ttl=1h token_max_ttl=24h
"$cli" read -field=role_id auth/approle/role/leafd/role-id >/credentials/role-id
"$cli" write -force -field=secret_id auth/approle/role/leafd/secret-id >/credentials/secret-id
cat /vault-tls/vault-ca.pem >/credentials/vault-ca.pem
