"""Appends the trailer of an artifact to a shared library: seal.py LIBRARY OUTPUT [ABI]."""
import struct
import sys
import zlib

with open(sys.argv[1], "rb") as file:
    content = file.read()
abi = int(sys.argv[3]) if len(sys.argv) > 3 else 2
trailer = struct.pack("<8sQII", b"imhsa.so", len(content) + 24, zlib.crc32(content), abi)
with open(sys.argv[2], "wb") as file:
    file.write(content + trailer)
