"""Reverses numbers, with one barrier more than it needs: what mutate_kernels.py has to find out."""
import numpy as np
from emulator import Out
from kernel import Kernel
from launch import Launch


def launches(rng):
    k = Kernel("reversal", x="global", out="global", n="i32")
    shared, thread = k.shared(256), k.thread()
    inside = thread < k.n
    with k.where(inside):
        k.store(k.load(k.x.at(thread * 4), "i32"), shared.at(thread * 4))
    k.barrier()
    k.barrier(id=1)
    with k.where(inside):
        k.store(k.load(shared.at((k.n - 1 - thread) * 4), "i32"), k.out.at(thread * 4))
    x = rng.integers(0, 2**31, 50, np.int32)
    yield Launch(k, (1,), (64,), [x, Out(50, np.int32), 50], [(x[::-1].astype(np.float64), 0.0)])
