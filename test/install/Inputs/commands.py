"""Prints the commands of a page, those in boxes marked `sh`, as a script that stops at the first that fails."""
import re
import sys

page = open(sys.argv[1], encoding="utf-8").read()
print("set -eux")
print("\n".join(re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)))
