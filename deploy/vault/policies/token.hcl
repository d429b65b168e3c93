# A leafd keeps its own token alive, and can tell a token that has ended from a path that it may not use.
# Vault's policy "default" allows these two as well, and much that leafd does not need: it is not given.
path "auth/token/lookup-self" {
  capabilities = ["read"]
}
path "auth/token/renew-self" {
  capabilities = ["update"]
}
