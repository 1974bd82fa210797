#!/bin/sh
# The cases that lie beside this script; PARITY is the program that compares them.
$PARITY tests/parity/cases
