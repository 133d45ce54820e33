"""Calls from several Python threads at once, which run beside each other; how many threads a call uses."""

import sys
import threading
import time

import numpy as np

from common import agree, expected, imhsa, mixing, tokens

library = imhsa.load(sys.argv[1])
rng = np.random.default_rng()

# Each thread has its own inputs and knows its result.
cases = [
    (tokens(rng, 1 + i % 3, 5 + 7 * i), tokens(rng, 1 + i % 3, 11), tokens(rng, 1 + i % 3, 11), *mixing(rng))
    for i in range(8)
]
wanted = [expected(*case) for case in cases]
failures = []


def work(case, result):
    try:
        for _ in range(20):
            agree(library.f32(*case), result)
    except Exception as error:  # Shown by the main thread.
        failures.append(error)


workers = [threading.Thread(target=work, args=pair) for pair in zip(cases, wanted)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
assert not failures, failures

# The interpreter goes on during a call.
large = tokens(rng, 2, 500)
mix = mixing(rng)
imhsa.set_num_threads(1)
start = time.perf_counter()
library.f32(large, large, large, *mix)
took = time.perf_counter() - start
counted, stop = [0], threading.Event()


def count():
    while not stop.wait(0.001):
        counted[0] += 1


counter = threading.Thread(target=count)
counter.start()
library.f32(large, large, large, *mix)
during = counted[0]
stop.set()
counter.join()
assert during > 0.05 * took / 0.001, f"{during} turns of another thread in {took} s"

# The number of threads is that of all libraries, those that are loaded later included, and changes no result.
one = library.f32(large, large, large, *mix)
assert library.num_threads == 1
imhsa.set_num_threads(3)
assert library.num_threads == 3 and imhsa.load(sys.argv[2]).num_threads == 3
assert np.array_equal(library.f32(large, large, large, *mix), one)
imhsa.set_num_threads(0)
assert library.num_threads >= 1
print("threads: passed")
