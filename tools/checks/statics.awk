# Functions, tables and types that two files both name at file scope: files of one stem in two folders could, and in the
# single unit they would be one.
function seen(name) {
    if (name in file && file[name] != FILENAME) { print FILENAME ":" FNR ": " name " is in " file[name] " too"; bad = 1 }
    file[name] = FILENAME
}
/^(typedef )?(struct|union|enum) [A-Za-z_0-9]+ *\{/ { name = $0; sub(/^typedef /, "", name); sub(/ *\{.*/, "", name); seen(name) }
/^\} *[A-Za-z_0-9]+;/ { name = $0; gsub(/[} ;]/, "", name); seen(name) }
/^static / {
    name = $0
    sub(/\{.*\}/, "", name)
    sub(/ *[[(={;].*/, "", name)
    sub(/.*[ *]/, "", name)
    seen(name)
}
END { exit bad }
