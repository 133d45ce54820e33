#!/bin/sh
# Interesting (exit code 1) is a module in which imhsa-decompose finds landmarks to pool.
imhsa-opt "$1" --imhsa-decompose 2>/dev/null | grep -q imhsa.pool && exit 1
exit 0
