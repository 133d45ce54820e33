#!/bin/sh
# Builds FOLDER/call from examples/call_attention.c and FOLDER/attention.o as imhsa-runtime.pc says, whose version
# is that of the project: pkg_config.sh REPOSITORY FOLDER
set -eux
version=$(sed -n 's/^project(imhsa VERSION \([0-9.]*\) .*/\1/p' "$1/CMakeLists.txt")
pkg-config --validate imhsa-runtime
pkg-config --exact-version="$version" imhsa-runtime
cc -DEMBEDDED "$1/examples/call_attention.c" "$2/attention.o" -I"$2" $(pkg-config --cflags --libs imhsa-runtime) -o "$2/call"
