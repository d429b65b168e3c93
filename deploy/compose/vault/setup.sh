#!/bin/sh
# Sets up the Vault of docker-compose.yml with what deploy/vault has for every Vault. May run again: what is there stays,
# and the secret-id is a new one each time.
set -eu
sh /deploy/vault/bootstrap.sh /setup/vault.conf
sh /deploy/vault/secret-id.sh demo /credentials
# Whole at once: a leafd that runs looks at it.
cat "$VAULT_CACERT" >/credentials/vault-ca.pem.new
mv /credentials/vault-ca.pem.new /credentials/vault-ca.pem
