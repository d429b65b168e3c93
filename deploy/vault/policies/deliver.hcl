# For who delivers secret-ids, such as a deployment job: wrapped ones only, for this one leafd, good for an hour at most.
# It can neither read a secret-id nor see or change what the leafd may do. The role-id is a name, and no secret.
path "auth/@APPROLE@/role/@LEAFD@/role-id" {
  capabilities = ["read"]
}
path "auth/@APPROLE@/role/@LEAFD@/secret-id" {
  capabilities     = ["update"]
  min_wrapping_ttl = "1s"
  max_wrapping_ttl = "1h"
}
