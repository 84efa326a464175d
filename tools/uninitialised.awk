# Finds WRIT_AUTO_… variables that a function may leave before they are initialised: their cleanup
# would then free whatever lay on the stack. No compiler warns of it.
# Usage: awk -f uninitialised.awk FILE…; prints FILE:LINE of each, exits 1 when there is one.
FNR == 1 || /^}/ { delete open_at }
/^ +WRIT_(AUTO|SECRET)_[A-Z]+ [^=]*;/ {
  names = $0
  sub(/^ +WRIT_[A-Z_]+ /, "", names)
  gsub(/[;* ]/, "", names)
  count = split(names, list, ",")
  for (i = 1; i <= count; i++) open_at[list[i]] = FNR
  next
}
{
  for (name in open_at) {
    if ($0 ~ "&" name "[,).]" || $0 ~ "(^|[^a-z_])" name " = ") {
      delete open_at[name]
    } else if ($0 ~ /(^|[^a-z_])return($|[^a-z_])|WRIT_TRY|CHECK\(/) {
      printf "%s:%d: %s may be left uninitialised at line %d\n", FILENAME, open_at[name], name, FNR
      bad = 1
      delete open_at[name]
    }
  }
}
END { exit bad }
