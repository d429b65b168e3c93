# `leafd check --online` compares the settings of this role with what the services ask for.
path "@MOUNT@/roles/@ROLE@" {
  capabilities = ["read"]
}
