# awk -f compare.awk WANTED CURRENT
# WANTED has lines key=value, as they are written; CURRENT is what `read -format=json` says. Prints what differs.
# `?key`: compared only where the server knows the key. `!key`: write-only, the server never tells it.
# Durations are equal by their seconds, lists by their items; `@FILE` stands for what the file holds.

function normal(value,   file, line, items, count, i, j, item, text) {
  if (value ~ /^@/) {
    file = substr(value, 2)
    value = ""
    while ((getline line < file) > 0) value = value line
    close(file)
  }
  gsub(/\\n|[][" \t]/, "", value)
  if (value ~ /^[0-9]+[smhd]$/) return value * factor[substr(value, length(value))]
  count = split(value, items, ",")
  for (i = 2; i <= count; i++)
    for (j = i; j > 1 && items[j] < items[j - 1]; j--) { item = items[j]; items[j] = items[j - 1]; items[j - 1] = item }
  for (i = 1; i <= count; i++) {
    sub(/\/(32|128)$/, "", items[i]) # of addresses: servers leave out the mask that says "this one only"
    text = text (i > 1 ? "," : "") items[i]
  }
  return text
}

BEGIN { factor["s"] = 1; factor["m"] = 60; factor["h"] = 3600; factor["d"] = 86400 }

FNR == NR {
  at = index($0, "=")
  order[++wants] = substr($0, 1, at - 1)
  wanted[order[wants]] = substr($0, at + 1)
  next
}

# The members of "data" are the lines that are indented by four.
/^    "[^"]+": / {
  key = $1
  gsub(/^"|":$/, "", key)
  value = $0
  sub(/^[^:]*: /, "", value)
  sub(/,$/, "", value)
  open = value == "["
  current[key] = open ? "" : value
  next
}
/^    \]/ { open = 0 }
open {
  item = $1
  sub(/,$/, "", item)
  current[key] = current[key] (current[key] == "" ? "" : ",") item
}

END {
  for (i = 1; i <= wants; i++) {
    key = order[i]
    mark = substr(key, 1, 1)
    if (mark == "!") continue
    if (mark == "?") key = substr(key, 2)
    if (mark == "?" && !(key in current)) continue
    was = normal(current[key])
    is = normal(wanted[order[i]])
    if (was == is) continue
    printf "%s%s: %s -> %s", found++ ? "; " : "", key, short(was), short(is)
  }
}

function short(text) { return text == "" ? "nothing" : length(text) > 60 ? substr(text, 1, 60) "..." : text }
