# A file includes headers of its own folder or of a lower level only.
BEGIN {
    split("base 0 port 1 kernels 1 text 1 par 2 metrics 2 plot 2 nn 3 data 3 model 4 train 5 lab 6 serve 7", words, " ")
    for (i = 1; i in words; i += 2) level[words[i]] = words[i + 1]
}
FNR == 1 { split(FILENAME, part, "/"); folder = part[2] }
/^[ \t]*#[ \t]*include[ \t]*"/ {
    match($0, /"[^"]*"/); name = substr($0, RSTART + 1, RLENGTH - 2)
    if (name == "trainlib.h") next
    if (name ~ /\.\./ || name !~ /\//) { print FILENAME ":" FNR ": include \"folder/file.h\", not \"" name "\""; bad = 1; next }
    split(name, target, "/")
    if (!(target[1] in level)) { print FILENAME ":" FNR ": no such layer: " target[1]; bad = 1; next }
    if (target[1] != folder && level[target[1]] >= level[folder]) {
        print FILENAME ":" FNR ": " folder " (level " level[folder] ") may not include " target[1] " (level " level[target[1]] ")"; bad = 1
    }
}
/^[ \t]*#[ \t]*include[ \t]*</ {
    match($0, /<[^>]*>/); name = substr($0, RSTART + 1, RLENGTH - 2)
    free = " float.h limits.h stdarg.h stdbool.h stddef.h stdint.h string.h stdatomic.h "
    if (folder == "port" || index(free, " " name " ")) next
    if (folder == "kernels" && FILENAME ~ /kernels\/(x86|arm)\// ) next
    if (FILENAME == "src/base/memory.c" && name == "stdlib.h") next
    print FILENAME ":" FNR ": system header <" name "> outside port/"; bad = 1
}
END { exit bad }
