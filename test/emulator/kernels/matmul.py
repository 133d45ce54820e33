"""Matrix products [M][N] = [M][K] [N][K]^T of f16 and of tf32, tiles of 32 x 32 in blocks of two warps.

f16 operands go through registers into shared memory, zeros where there are none, from there through ldmatrix;
stmatrix writes the result: as it is, or transposed and then accumulated in f16. tf32 operands come by
cp.async, which arrives at an mbarrier when it is done, and are read one by one, from rows that are padded.
"""
import numpy as np
from emulator import Out
from kernel import Kernel
from launch import Launch

TILE, K = 32, 32
THREADS = 64  # 16 rows of the result to a warp
CHIP = "sm_90a"


def places(k, first_row, rows, first, row_bytes, element, padded):
    """For the chunks of 16 bytes of a tile [TILE][K] that a thread moves: where in the tile, where in the matrix, and
    whether that is inside the row, and the matrix. `first` is the tile's first column, `row_bytes` a row's bytes.
    """
    chunks = K * element // 16
    for r in range(0, TILE, THREADS // chunks):
        row, byte = k.thread() / chunks + r, (k.thread() % chunks) * 16
        from_ = first * element + byte
        inside = (first_row + row < rows) & (from_ < row_bytes)
        yield row * padded + byte, (first_row + row) * row_bytes + from_, inside


def fetch_now(k, source, target, *tile):
    for place, from_, inside in places(k, *tile):
        with k.where(inside):
            k.store(k.load(source.at(from_), "vector<4xi32>"), target.at(place))
        with k.where(inside ^ k.value(1, "i1")):
            k.store(k.value(0, "vector<4xi32>"), target.at(place))


def fetch_asynchronously(k, source, target, *tile):
    for place, from_, inside in places(k, *tile):
        k.cp_async(target.at(place), source.at(from_), 16, k.select(inside, k.value(16), k.value(0)))


def matmul_f16(transposed):
    """Accumulates in f32, or in f16 if the result is transposed."""
    k = Kernel("matmul_f16_transposed" if transposed else "matmul_f16", a="global", b="global", c="global", m="i32",
               n="i32", size="i32")
    padded = 2 * K + 16
    thread = k.thread()
    warp, lane = thread >> 5, thread & 31
    registers = 2 if transposed else 4  # of an accumulator [16][8]
    a, b = k.shared(TILE * padded), k.shared(TILE * padded)
    first_row, first_column = k.block("x") * TILE, k.block("y") * TILE
    zero = k.value(0.0, "vector<2xf16>" if transposed else "f32")
    with k.loop(0, k.size, K, *[zero] * (registers * TILE // 8)) as (first, state):
        fetch_now(k, k.a, a, first_row, k.m, first, k.size * 2, 2, padded)
        fetch_now(k, k.b, b, first_column, k.n, first, k.size * 2, 2, padded)
        k.barrier()
        for step in range(K // 16):
            left = k.ldmatrix(a.at((warp * 16 + (lane & 15)) * padded + ((lane >> 4) * 16 + 32 * step)), 4)
            for i in range(TILE // 8):
                right = k.ldmatrix(b.at(((lane & 7) + 8 * i) * padded + (((lane >> 3) & 1) * 16 + 32 * step)), 2)
                part = slice(registers * i, registers * i + registers)
                state[part] = k.mma("f16", 16, left, right, state[part])
        k.barrier()

    if not transposed:
        state = [k.op(f"nvvm.convert.f32x2.to.f16x2 {high}, {low} {{rnd = #nvvm.fp_rnd_mode<rn>}} : vector<2xf16>",
                      "vector<2xf16>") for low, high in zip(state[::2], state[1::2])]
    for i in range(0, TILE // 8, 2):
        # Matrices: rows 0-7 and 8-15 of the warp by columns 8i to 8i + 7, then by the next eight.
        if transposed:  # [column][row]
            row, column = (lane & 7) + ((lane >> 4) * 8 + 8 * i), warp * 16 + ((lane >> 3) & 1) * 8
        else:
            row, column = warp * 16 + (lane & 15), (lane >> 4) * 8 + 8 * i
        k.stmatrix(a.at(row * padded + column * 2), [r.bits("i32") for r in state[2 * i:2 * i + 4]], transposed)
    if transposed:
        k.barrier()  # rows of the result come from both warps
    else:
        k.sync_warp()
    rows, columns = (k.n, k.m) if transposed else (k.m, k.n)
    top, left = (first_column, first_row) if transposed else (first_row, first_column)
    for r in range(0, TILE // 2, 8):
        row, column = warp * 16 + (lane >> 2) + r, (lane & 3) * 8
        with k.where((top + row < rows) & (left + column < columns)):
            x = k.load(a.at(row * padded + column * 2), "vector<4xi32>")
            k.store(x, k.c.at(((top + row) * columns + left + column) * 2))
    return k


def matmul_tf32():
    k = Kernel("matmul_tf32", a="global", b="global", c="global", m="i32", n="i32", size="i32")
    padded = 4 * K + 16
    thread = k.thread()
    warp, lane = thread >> 5, thread & 31
    group, t = lane >> 2, lane & 3

    def tf32(x):
        return k.op(f"nvvm.convert.float.to.tf32 {x} {{rnd = #nvvm.fp_rnd_mode<rna>}}", "i32")

    def element(matrix, row, column):
        return tf32(k.load(matrix.at(row * padded + column * 4), "f32"))

    a, b, arrived = k.shared(TILE * padded), k.shared(TILE * padded), k.shared(8, 8)
    first_row, first_column = k.block("x") * TILE, k.block("y") * TILE
    with k.where(thread.eq(0)):
        k.mbarrier_init(arrived, THREADS)
    k.barrier()
    with k.loop(0, k.size, K, *[k.value(0.0, "f32")] * (4 * TILE // 8)) as (first, state):
        fetch_asynchronously(k, k.a, a, first_row, k.m, first, k.size * 4, 4, padded)
        fetch_asynchronously(k, k.b, b, first_column, k.n, first, k.size * 4, 4, padded)
        k.do(f"nvvm.cp.async.mbarrier.arrive {arrived} {{noinc = true}} : !llvm.ptr<3>")
        parity = (first / K) & 1
        with k.until() as done:
            done.append(k.op(f"nvvm.mbarrier.test.wait {arrived}, {parity} : !llvm.ptr<3>, i32 -> i1", "i1"))
        for step in range(0, K, 8):
            row, column = warp * 16 + group, t + step
            left = [element(a, row + r, column + c) for c in (0, 4) for r in (0, 8)]
            for i in range(TILE // 8):
                right = [element(b, group + 8 * i, column + c) for c in (0, 4)]
                state[4 * i:4 * i + 4] = k.mma("tf32", 8, left, right, state[4 * i:4 * i + 4])
        k.barrier()
    for i in range(TILE // 8):
        for r in range(2):
            row, column = first_row + warp * 16 + group + 8 * r, first_column + t * 2 + 8 * i
            with k.where((row < k.m) & (column < k.n)):
                k.store(k.vector(*state[4 * i + 2 * r:4 * i + 2 * r + 2]), k.c.at((row * k.n + column) * 4))
    return k


def launch(rng, kernel, type, transposed, m, n, size):
    a, b = (rng.standard_normal((rows, size)).astype(type) for rows in (m, n))
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    exact, magnitude = a64 @ b64.T, np.abs(a64) @ np.abs(b64).T
    if type == np.float32:
        rounded = [((x.view(np.uint32) + np.uint32(0x1000)) & np.uint32(0xFFFFE000)).view(np.float32).astype(np.float64)
                   for x in (a, b)]
        exact, bound = rounded[0] @ rounded[1].T, 2.0**-24 * size * magnitude
    else:
        # The result is rounded to f16; where it is accumulated in f16, so are up to size / 8 sums.
        bound = 2.0**-11 * np.abs(exact) + 2.0**-24 * size * magnitude
        bound = bound + transposed * 2.0**-11 * (size / 8) * magnitude
    if transposed:
        exact, bound = exact.T, bound.T
    blocks = ((m + TILE - 1) // TILE, (n + TILE - 1) // TILE)
    return Launch(kernel, blocks, (THREADS,), [a, b, Out(exact.shape, type), m, n, size], [(exact, bound)], chip=CHIP)


def launches_f16(rng):
    kernel = matmul_f16(False)
    for m, n, size in ((1, 8, 8), (45, 40, 72), (29, 32, 24)):
        yield launch(rng, kernel, np.float16, False, m, n, size)


def launches_f16_transposed(rng):
    kernel = matmul_f16(True)
    for m, n, size in ((8, 3, 16), (40, 37, 72), (32, 29, 24)):
        yield launch(rng, kernel, np.float16, True, m, n, size)


def launches_tf32(rng):
    kernel = matmul_tf32()
    for m, n, size in ((1, 22, 4), (12, 14, 36), (52, 34, 12), (31, 32, 40)):
        yield launch(rng, kernel, np.float32, False, m, n, size)
