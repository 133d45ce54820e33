"""ldmatrix and stmatrix: PTX ISA, "Warp-level matrix load instruction: ldmatrix" and "…store instruction: stmatrix"."""
import numpy as np

from emulator import Out, expect, generator, run
from fragments import MATRIX, MATRIX_TRANS, gather, scatter
from kernel import Kernel

FORMS = [(count, trans) for count in (1, 2, 4) for trans in (False, True)]
ROWS = 80  # of 16 bytes


def rows_of(rng):
    """For every form the rows, of 16 bytes, that the lanes name: anywhere in memory, in any order.

    Lanes whose address is not used name one outside of memory and not aligned.
    """
    rows = np.stack([rng.permutation(ROWS)[:32] for _ in FORMS])
    addresses = rows * 16
    for i, (count, _) in enumerate(FORMS):
        addresses[i, 8 * count:] = 0x7FFFFF01
    return rows, addresses.astype(np.uint32)


def loads(rng):
    k = Kernel("ldmatrix", x="global", addresses="global", out="global")
    shared, lane = k.shared(16 * ROWS), k.thread()
    with k.loop(lane * 4, 16 * ROWS, 128) as (at, _):
        k.store(k.load(k.x.at(at), "i32"), shared.at(at))
    k.barrier()
    for i, (count, trans) in enumerate(FORMS):
        address = shared.at(k.load(k.addresses.at((lane + 32 * i) * 4), "i32"))
        for j, register in enumerate(k.ldmatrix(address, count, trans)):
            k.store(register, k.out.at(lane * 16 + (i * 512 + j * 4)))
        for j in range(count, 4):
            k.store(k.value(0), k.out.at(lane * 16 + (i * 512 + j * 4)))
    x = rng.integers(0, 2**16, (ROWS, 8), np.uint16)
    rows, addresses = rows_of(rng)
    out = run(k, 1, 32, x, addresses, Out((len(FORMS), 32, 4), np.uint32))
    for i, (count, trans) in enumerate(FORMS):
        for j in range(count):
            matrix = x[rows[i, 8 * j:8 * j + 8]]  # the rows that lanes 8j to 8j + 7 name
            expect(f"ldmatrix.x{count}{'.trans' * trans}, matrix {j}", out[i, :, j],
                   gather(matrix, MATRIX_TRANS if trans else MATRIX)[:, 0])


def stores(rng):
    k = Kernel("stmatrix", x="global", addresses="global", out="global", form="i32")
    shared, lane = k.shared(16 * ROWS), k.thread()
    with k.loop(lane * 4, 16 * ROWS, 128) as (at, _):
        k.store(k.value(0), shared.at(at))
    k.barrier()
    registers = [k.load(k.x.at(lane * 16 + 4 * j), "i32") for j in range(4)]
    address = shared.at(k.load(k.addresses.at(lane * 4), "i32"))
    for i, (count, trans) in enumerate(FORMS):
        with k.where(k.form.eq(i)):
            k.stmatrix(address, registers[:count], trans)
    k.barrier()
    with k.loop(lane * 4, 16 * ROWS, 128) as (at, _):
        k.store(k.load(shared.at(at), "i32"), k.out.at(at))
    rows, addresses = rows_of(rng)
    for i, (count, trans) in enumerate(FORMS):
        x = rng.integers(0, 2**32, (32, 4), np.uint32)
        expected = np.zeros((ROWS, 8), np.uint16)
        for j in range(count):
            layout = MATRIX_TRANS if trans else MATRIX
            expected[rows[i, 8 * j:8 * j + 8]] = scatter(x[:, j:j + 1], layout, (8, 8), np.uint16)
        out = run(k, 1, 32, x, addresses[i], Out((ROWS, 8), np.uint16), i, chip="sm_90a")
        expect(f"stmatrix.x{count}{'.trans' * trans}", out, expected)


rng = generator()
loads(rng)
stores(rng)
