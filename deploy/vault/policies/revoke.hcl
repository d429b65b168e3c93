# For services with `revokeOld: true`. It allows to revoke any certificate of the mount, not only one's own.
path "@MOUNT@/revoke" {
  capabilities = ["update"]
}
