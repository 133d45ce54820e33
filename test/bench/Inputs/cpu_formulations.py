"""Asks a worker for its errors against the oracle: cpu_formulations.py MODULE FOLDER [left out, ...].

MODULE is one of bench/cpu/peers, run by the Python that runs this; FOLDER is for what the peers write.
"""
import os
import sys

CPU = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "cpu")
sys.path.insert(0, CPU)
import install
from cases import Case
from peers import Peer
from rounds import MOST_ERROR, Process, Refused

module, folder, *left_out = sys.argv[1:]
library, failed = install.onednn() if module == "onednn_peer" else ("", None)
assert not failed, failed
environment = {"IMHSA_BENCH_FOLDER": folder, "IMHSA_BENCH_ONEDNN": library,
               "IMHSA_OPT": os.path.join(install.ROOT, "build", "bin", "imhsa-opt")}
process = Process(Peer(module), sys.executable, 2, False, environment)
for landmarks in (49, 0):
    for mixing in (True, False):
        # Heads, landmarks and mixing matter: worker.py checks another, small number of tokens.
        case = Case(1, 3, 98, 16, landmarks, mixing).to_json()
        for name in process("formulations", case=case):
            if not name.startswith(tuple(left_out) or "\0"):
                error = process("check", case=case, formulation=name)
                assert error <= MOST_ERROR, (name, landmarks, mixing, error)
                print(f"{'landmarks' if landmarks else 'exact'} {'mixed' if mixing else 'plain'}: {name}: correct")
# A case whose tokens are no multiple of the landmarks: refused by peers that pool by reshaping, with the reason.
case = Case(1, 2, 50, 8, 7).to_json()
process("prepare", case=case)
for name in process("formulations", case=case):
    if not name.startswith(tuple(left_out) or "\0"):
        try:
            process("build", formulation=name)
            print(f"50 tokens, 7 landmarks: {name}: built")
        except Refused as reason:
            print(f"50 tokens, 7 landmarks: {name}: {reason}")
    break
# Measuring: times and memory of one formulation.
case = Case(1, 2, 98, 8, 49).to_json()
process("prepare", case=case)
name = next(iter(process("formulations", case=case)))
process("build", formulation=name)
assert 0 <= process("first", formulation=name)["memory"] < 1 << 28
assert process("error", formulation=name) <= MOST_ERROR
assert all(time > 0 for time in process("turn", formulation=name, seconds=0.001))
process("release")
process.close()
print("measured")
