# Reads the settings file and prints one line a setting: SECTION <tab> KEY <tab> VALUE, lists joined by commas.
# The file is data: nothing of it is run, and every value has to match what its key takes. Errors name file and line.

BEGIN {
  name = "[a-z0-9][a-z0-9._-]*"
  label = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
  host = label "([.]" label ")*"
  uri = "[a-z][a-z0-9+.-]*://[A-Za-z0-9._~/:-]+"
  duration = "[0-9]+[smhd]"
  path = "[A-Za-z0-9._/+@-]+"
  mount = "[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*"
  cidr = "[0-9a-f:.]+/[0-9]+"
  yes = "yes|no"
  ca = "ec-p256|ec-p384|ec-p521|rsa-2048|rsa-3072|rsa-4096"

  take("pki", "mount", mount)
  take("pki", "root", "offline|imported|trial")
  take("pki", "issuer", name)
  take("pki", "common_name", "[A-Za-z0-9 ._-]+")
  take("pki", "organization", "[A-Za-z0-9 ._-]+")
  take("pki", "key", ca)
  take("pki", "csr", path)
  take("pki", "certificate", path)
  take("pki", "max_ttl", duration)
  take("pki", "url", "https?://[A-Za-z0-9.:-]+")
  take("approle", "mount", mount)
  take("kubernetes", "mount", mount)
  take("kubernetes", "host", "https?://[A-Za-z0-9.:-]+")
  take("kubernetes", "ca_file", path)
  take("kubernetes", "reviewer_jwt_file", path)
  take("service", "names", list(host), "host names in lower case, each in full and without *")
  take("service", "common_name", "required|optional")
  take("service", "uris", list(uri), "URIs such as spiffe://example.org/payments, each in full and without *")
  take("service", "ips", yes)
  take("service", "usages", list("server|client"))
  take("service", "key", ca "|ed25519")
  take("service", "ttl", duration)
  take("service", "max_ttl", duration)
  take("service", "reserve_ttl", duration)
  take("service", "store", yes)
  take("leafd", "services", list(name))
  take("leafd", "auth", "approle|kubernetes")
  take("leafd", "token_ttl", duration)
  take("leafd", "token_max_ttl", duration)
  take("leafd", "cidrs", list(cidr))
  take("leafd", "secret_id_ttl", duration)
  take("leafd", "secret_id_uses", "[0-9]+")
  take("leafd", "namespace", label)
  take("leafd", "service_account", host)
  take("leafd", "audience", "[A-Za-z0-9.:/_-]+")
  take("leafd", "revoke_old", yes)
  take("leafd", "check", yes)
  take("leafd", "deliver", yes)
}

function take(section, key, pattern, words) {
  takes[section, key] = "^(" pattern ")$"
  sections[section] = 1
  if (pattern == duration) words = "a duration such as 30s, 10m, 24h or 7d"
  if (words == "" && pattern ~ /^[a-z0-9-]+([|][a-z0-9-]+)+$/) { words = "one of " pattern; gsub(/[|]/, ", ", words) }
  wants[section, key] = words == "" ? "example.conf shows how it is written" : "it wants " words
}
function list(item) { return "(" item ")([, ]+(" item "))*" }
function wrong(why) { printf "%s:%d: %s\n", FILENAME, FNR, why > "/dev/stderr"; bad = 1 }

{ sub(/\r$/, ""); sub(/^[ \t]+/, ""); sub(/[ \t]+(#.*)?$/, "") }
/^(#.*)?$/ { next }

/^\[.*\]$/ {
  section = substr($0, 2, length($0) - 2)
  kind = section
  sub(/ .*/, "", kind)
  named = kind == "service" || kind == "leafd"
  if (!(kind in sections)) wrong("there is no section [" section "]")
  else if (named && section !~ ("^" kind " " name "$")) wrong("[" kind " NAME] wants one name of a-z, 0-9, '.', '_', '-'")
  else if (!named && section != kind) wrong("[" kind "] takes no name")
  else if (section in seen) wrong("[" section "] is there twice")
  seen[section] = 1
  print section "\t\t"
  next
}

{
  at = index($0, "=")
  if (at == 0) { wrong("this is neither [section] nor key = value"); next }
  key = substr($0, 1, at - 1)
  value = substr($0, at + 1)
  gsub(/[ \t]+$/, "", key)
  gsub(/^[ \t]+/, "", value)
  if (section == "") wrong("a setting comes after its [section]")
  else if (!((kind, key) in takes)) wrong("[" kind "] has no setting " key)
  else if ((section, key) in seen) wrong(key " is there twice")
  else if (value !~ takes[kind, key]) {
    wrong(key " cannot be \"" value "\": " wants[kind, key])
    misread[section, key] = 1
  }
  seen[section, key] = 1
  if (key ~ /^(names|uris|usages|services|cidrs)$/) gsub(/[, ]+/, ",", value)
  said[section, key] = value
  print section "\t" key "\t" value
}

END {
  if (!("pki" in seen)) whole("the section [pki] is missing")
  if (said["pki", "root"] == "imported" && said["pki", "certificate"] == "") whole("root = imported needs a certificate")
  for (section in seen) {
    if (section ~ /^service [^\034]*$/) check_service(section)
    if (section ~ /^leafd [^\034]*$/) check_leafd(section)
  }
  exit bad
}

function whole(why) { printf "%s: %s\n", FILENAME, why > "/dev/stderr"; bad = 1 }

function check_service(section) {
  if (said[section, "names"] said[section, "uris"] == "") whole("[" section "] needs names, uris or both")
  if (said[section, "reserve_ttl"] != "" && (section "-reserve") in seen)
    whole("[" section "-reserve] has the name of the reserve of [" section "]")
  check_order(section, "ttl", "24h", section, "max_ttl", given(section, "ttl", "24h"))
  check_order(section, "max_ttl", given(section, "ttl", "24h"), "pki", "max_ttl", "43800h")
  check_order(section, "reserve_ttl", "0s", "pki", "max_ttl", "43800h")
}

function given(section, key, otherwise) { return said[section, key] == "" ? otherwise : said[section, key] }

# Vault would refuse the one longer than the other, or cut it short in silence.
function check_order(section, key, otherwise, above, limit, greatest) {
  key_value = given(section, key, otherwise)
  greatest = given(above, limit, greatest)
  if ((section, key) in misread || (above, limit) in misread) return
  if (seconds(key_value) > seconds(greatest))
    whole("[" section "] has " key " = " key_value ", and " limit " of [" above "] is " greatest)
}

function seconds(text,   unit) {
  unit = substr(text, length(text))
  return text * (unit == "d" ? 86400 : unit == "h" ? 3600 : unit == "m" ? 60 : 1)
}

function check_leafd(section,   names, count, i) {
  # Those are names of policies, see ensure_policies.
  if (section ~ /-(check|deliver)$/) whole("[" section "] cannot end with -check or -deliver")
  count = split(said[section, "services"], names, ",")
  if (count == 0) whole("[" section "] needs services")
  check_order(section, "token_ttl", "1h", section, "token_max_ttl", "24h")
  for (i = 1; i <= count; i++)
    if (!(("service " names[i]) in seen)) whole("[" section "] names the service " names[i] ", which has no section")
  if (said[section, "auth"] != "kubernetes") return
  if (said[section, "namespace"] == "") whole("[" section "] needs a namespace")
  if (said["kubernetes", "host"] == "") whole("[" section "] needs host in [kubernetes]")
}
