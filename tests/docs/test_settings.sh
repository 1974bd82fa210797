#!/bin/sh
# The settings in the guide are those of the program.
page=examples/settings/README.md
copy=$(mktemp) || exit 1
trap 'rm -f "$copy" "$copy.new"' EXIT
cp $page "$copy"
tools/settings-table "$copy" && diff $page "$copy" && exit
echo "$page is not what the program says; 'tools/settings-table $page' writes it anew."
exit 1
