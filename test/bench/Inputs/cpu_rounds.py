"""Rounds of workers that are made up: who has a turn when, who leaves, and what is refused."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "bench", "cpu"))
import rounds
from cases import Case
from peers import Peer

log = []


class Fake:
    """A worker whose calls take the milliseconds of `times`; errors and refusals by formulation."""

    def __init__(self, name, times, errors={}, refuses={}, tuned=False):
        self.name, self.times, self.errors, self.refuses = name, times, errors, refuses
        self.peer = Peer("numpy_peer", tuned)
        self.process = self

    def poll(self):
        return None

    def revive(self):
        pass

    def __call__(self, do, formulation=None, **arguments):
        log.append((do, self.name, formulation))
        if (do, formulation) in self.refuses:
            raise rounds.Refused(self.refuses[do, formulation])
        answers = {"formulations": list(self.times), "check": self.errors.get(formulation, 1e-7), "build": {},
                   "first": {"milliseconds": self.times.get(formulation, 0), "memory": 5},
                   "turn": [self.times.get(formulation, 0)] * 3}
        return answers.get(do)


def run(case, *fakes, count=5, **more):
    log.clear()
    rounds.PAUSE = 0
    processes = {fake.name: fake for fake in fakes}
    return rounds.measure(case, processes, {"PyTorch": "not there"}, lambda: {"fma_gflops": 100.0, "read_gbs": 10.0},
                          rounds=count, exact_error=False, **{"seconds": 60, **more})


small = Case(1, 2, 98, 8, 49)
record = run(small, Fake("imhsa", {"a": 1.0}), Fake("NumPy", {"fast": 2.0, "slow": 9.0, "wrong": 1.0, "broken": 1.0},
                                                    {"wrong": 1e-3}, {("build", "broken"): "no such thing"}))
turns = [(name, formulation) for do, name, formulation in log if do == "turn"]
a, fast, slow = ("imhsa", "a"), ("NumPy", "fast"), ("NumPy", "slow")
# Another order in each round; the slow one leaves after three.
assert turns == [a, fast, slow, fast, slow, a, slow, a, fast, fast, a, a, fast], turns
assert len(record["calibration"]["fma_gflops"]) == 5
by_name = {result["formulation"]: result for result in record["results"]}
assert by_name["fast"]["turns"] == [2.0] * 5 and by_name["fast"]["lowest"] == 2.0 and by_name["fast"]["memory"] == 5
assert by_name["slow"]["left"] and len(by_name["slow"]["turns"]) == 3
for name in ("wrong", "broken", ""):
    print(f"{name or 'PyTorch'}: {by_name[name]['refused']}")

# Everything in memory but for the inputs of one process at a time.
rounds.available_memory = lambda: 1
record = run(small, Fake("imhsa", {"a": 1.0}), Fake("NumPy", {"b": 1.0}), count=3)
held = set()
for do, name, _ in log:
    held = {name} | held if do == "prepare" else held - {name} if do == "release" else held
    assert len(held) <= 1, log
assert record["one_at_a_time"] and [len(result["turns"]) for result in record["results"]] == [3, 3, 0]

# Of long calls, those far behind have one turn, their first call.
rounds.available_memory = lambda: 1 << 40
record = run(small, Fake("imhsa", {"a": 1.0}), Fake("NumPy", {"long": 700.0, "longer": 1200.0}), count=3)
assert [result["turns"] for result in record["results"]] == [[1.0] * 3, [700.0] * 3, [1200.0], []]
assert ("turn", "NumPy", "longer") not in log and ("drop", "NumPy", "longer") in log
assert [result.get("only_first", False) for result in record["results"]] == [False, False, True, False]
# So has one that takes too long, though it is the best of its peer; and where all of it takes too long, one round is all.
record = run(small, Fake("imhsa", {"a": 1.0}), Fake("NumPy", {"b": 11000.0}), count=3)
assert [result["turns"] for result in record["results"]] == [[1.0] * 3, [11000.0], []]
rounds.available_memory = lambda: 1
record = run(small, Fake("imhsa", {"a": 1.0}), Fake("NumPy", {"b": 1.0}), count=3, seconds=0)
assert [len(result["turns"]) for result in record["results"]] == [1, 1, 0]
rounds.available_memory = lambda: 1 << 40

# What a choice leaves out has a row, and so has a peer without formulations.
record = run(small, Fake("imhsa", {"a": 1.0}), Fake("NumPy", {"b": 1.0, "compiled": 1.0}), Fake("IREE", {}),
             choose=lambda peer, found: [name for name in found if name != "compiled"], left_out="left out")
for result in record["results"]:
    if "refused" in result:
        print(f"{result['peer']} {result['formulation']}: {result['refused']}")

# With tuned malloc, memory is that of the same module without.
shared = [{"peer": "PyTorch", "formulation": "m"}, {"peer": "PyTorch (default malloc)", "formulation": "m", "memory": 7},
          {"peer": "IREE", "formulation": "m"}]
rounds._share_memory(shared)
assert shared[0]["memory"] == 7 and "memory" not in shared[2]

# A worker that the system has ended is there again for the next formulation, or case.
with tempfile.TemporaryDirectory() as folder:
    worker = rounds.Process(Peer("numpy_peer", False), sys.executable, 1, False, {"IMHSA_BENCH_FOLDER": folder})
    for pause in ("a call", "a revival"):
        worker.process.kill()
        worker.process.wait()
        if pause == "a call":
            try:
                worker("formulations", case=small.to_json())
                raise SystemExit("expected: its process ended")
            except rounds.Refused as reason:
                print(str(reason).split(":")[0])
        worker.revive()
        assert worker("formulations", case=small.to_json()) == ["matmul"]
    worker.close()
