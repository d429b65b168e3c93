# `leafd check --online` asks what its token may do, and gives the token back when it is done.
path "sys/capabilities-self" {
  capabilities = ["update"]
}
path "auth/token/revoke-self" {
  capabilities = ["update"]
}
