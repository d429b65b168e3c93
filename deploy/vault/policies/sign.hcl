# A leafd may have certificates of this role signed. Vault calls that "update"; "create" alone is refused.
path "@MOUNT@/sign/@ROLE@" {
  capabilities = ["update"]
}
