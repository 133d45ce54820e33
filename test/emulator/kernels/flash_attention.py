"""A tile of exact attention in bf16, as flash attention does it: online softmax, nothing of size N x N.

A block takes 32 queries of one head, 16 in each of its two warps, and goes over the keys in tiles of 32
that cp.async fetches one ahead into two buffers. Tiles are [rows][64] of bf16, rows of 128 bytes in
chunks of 16 whose place is swizzled by the row, so that ldmatrix meets no bank twice. Any N: rows
beyond it are filled with zeros when they are fetched, their scores are -infinity, and they are not stored.
"""
import math

import numpy as np
from emulator import Out, bf16
from imhsa_reference import attention
from kernel import Kernel
from launch import Launch

QUERIES, KEYS, D = 32, 32, 64
THREADS = 2 * QUERIES  # 16 queries to a warp
ROW = 2 * D  # bytes
Q_BYTES, TILE = QUERIES * ROW, KEYS * ROW
STAGE = 2 * TILE  # keys, then values
SHARED = Q_BYTES + 2 * STAGE
CHUNKS = D // 8


def swizzled(row, chunk):
    """Bytes from the start of a tile to 16 bytes of a row."""
    return row * ROW + ((chunk ^ (row & 7)) * 16)


def flash_attention():
    k = Kernel("flash_attention", "nvvm.maxntid = array<i32: 64, 1, 1>",
               query="global", key="global", values="global", out="global", n="i32", scale="f32")
    shared = k.shared()
    thread = k.thread()
    warp, lane = thread >> 5, thread & 31
    group, pair = lane >> 2, (lane & 3) * 2  # row and first column of this lane in 8x8 accumulators
    head = k.block("y") * (k.n * ROW)
    first_query = k.block("x") * QUERIES
    stages = shared.at(Q_BYTES)

    def fetch(source, target, first_row, rows):
        """[rows][D] from first_row on; a thread copies one chunk of every eighth row."""
        chunk = thread & (CHUNKS - 1)
        for r in range(0, rows, THREADS // CHUNKS):
            row = (thread / CHUNKS) + r
            valid = k.select(first_row + row < k.n, k.value(16), k.value(0))
            from_ = source.at(head + (first_row + row) * ROW + chunk * 16)
            k.cp_async(target.at(swizzled(row, chunk)), from_, 16, valid)

    def fetch_tile(tile):
        stage = stages.at((tile & 1) * STAGE)
        fetch(k.key, stage, tile * KEYS, KEYS)
        fetch(k.values, stage.at(TILE), tile * KEYS, KEYS)

    def row_maximum(x):
        for offset in (1, 2):
            x = k.maximum(x, k.shuffle("bfly", x, offset))
        return x

    def row_sum(x):
        for offset in (1, 2):
            x = x + k.shuffle("bfly", x, offset)
        return x

    def packed(low, high):
        return k.op(f"nvvm.convert.f32x2.to.bf16x2 {high}, {low} {{rnd = #nvvm.fp_rnd_mode<rn>}} : vector<2xbf16>",
                    "vector<2xbf16>").bits("i32")

    tiles = (k.n + (KEYS - 1)) / KEYS
    fetch(k.query, shared, first_query, QUERIES)
    fetch_tile(k.value(0))
    k.cp_commit()

    zero, lowest = k.value(0.0, "f32"), k.value(-math.inf, "f32")
    state = [zero] * (4 * CHUNKS) + [lowest, lowest, zero, zero]
    with k.loop(0, tiles, 1, *state) as (tile, carried):
        fetch_tile(tile + 1)  # after the last tile there is nothing to copy, only zeros to fill in
        k.cp_commit()
        k.cp_wait(1)
        k.barrier()
        out = [carried[4 * i:4 * i + 4] for i in range(CHUNKS)]  # [16][8] of the result each
        maxima, sums = carried[4 * CHUNKS:4 * CHUNKS + 2], carried[4 * CHUNKS + 2:]
        keys = stages.at((tile & 1) * STAGE)
        values = keys.at(TILE)

        # Scores [16][KEYS] = queries [16][D] keys^T.
        scores = [[zero] * 4 for _ in range(KEYS // 8)]
        for d in range(D // 16):
            a = k.ldmatrix(shared.at(swizzled(warp * 16 + (lane & 15), (lane >> 4) + 2 * d)), 4)
            for n in range(KEYS // 16):
                b = k.ldmatrix(keys.at(swizzled((lane & 7) + ((lane >> 4) * 8 + 16 * n), ((lane >> 3) & 1) + 2 * d)), 4)
                for i in range(2):
                    scores[2 * n + i] = k.mma("bf16", 16, a, b[2 * i:2 * i + 2], scores[2 * n + i])
        for n in range(KEYS // 8):
            for e in range(4):
                inside = tile * KEYS + pair + (8 * n + (e & 1)) < k.n
                scores[n][e] = k.select(inside, scores[n][e] * k.scale, lowest)

        # Each lane has two rows, group and group + 8.
        for row in range(2):
            maximum = lowest
            for score in scores:
                maximum = k.maximum(maximum, k.maximum(score[2 * row], score[2 * row + 1]))
            maximum = k.maximum(maxima[row], row_maximum(maximum))
            correction = k.ex2(maxima[row] - maximum)
            sums[row] = sums[row] * correction
            for score in scores:
                for e in (2 * row, 2 * row + 1):
                    score[e] = k.ex2(score[e] - maximum)
                    sums[row] = sums[row] + score[e]
            for chunk in out:
                for e in (2 * row, 2 * row + 1):
                    chunk[e] = chunk[e] * correction
            maxima[row] = maximum

        # Result [16][D] += weights [16][KEYS] values: accumulators are the multiplicand as they lie.
        for n in range(KEYS // 16):
            left, right = scores[2 * n], scores[2 * n + 1]
            a = [packed(*left[:2]), packed(*left[2:]), packed(*right[:2]), packed(*right[2:])]
            for d in range(D // 16):
                b = k.ldmatrix(values.at(swizzled((lane & 15) + 16 * n, (lane >> 4) + 2 * d)), 4, trans=True)
                for i in range(2):
                    out[2 * d + i] = k.mma("bf16", 16, a, b[2 * i:2 * i + 2], out[2 * d + i])
        carried[:] = [x for chunk in out for x in chunk] + maxima + sums
        k.barrier()

    # Through shared memory, each warp in its own queries' place, into rows of 16 bytes.
    factors = [k.op(f"nvvm.rcp.approx.ftz.f {row_sum(carried[4 * CHUNKS + 2 + row])} : f32", "f32") for row in range(2)]
    for row in range(2):
        for i in range(CHUNKS):
            low, high = (carried[4 * i + 2 * row + e] * factors[row] for e in range(2))
            place = shared.at(swizzled(warp * 16 + group + 8 * row, k.value(i)) + pair * 2)
            k.store(packed(low, high), place)
    k.sync_warp()
    for r in range(0, 16, 4):
        row, chunk = warp * 16 + (lane >> 3) + r, lane & 7
        with k.where(first_query + row < k.n):
            x = k.load(shared.at(swizzled(row, chunk)), "vector<4xi32>")
            k.store(x, k.out.at(head + (first_query + row) * ROW + chunk * 16))
    return k


def launches(rng):
    kernel = flash_attention()
    for heads, n in ((1, 1), (2, 33), (1, 64)):
        q, key, v = (rng.standard_normal((heads, n, D)).astype(bf16) for _ in range(3))
        q = (q.astype(np.float32) * 2).astype(bf16)
        exact = attention(q[None], key[None], v[None])[0]
        size = attention(q[None], key[None], np.abs(v.astype(np.float64))[None])[0]
        # Weights are rounded to bf16 before the product, the result after it.
        bound = 2.0**-8 * size + 2.0**-8 * np.abs(exact)
        scale = np.float32(math.log2(math.e) / math.sqrt(D))
        yield Launch(kernel, ((n + QUERIES - 1) // QUERIES, heads), (THREADS,),
                     [q, key, v, Out(q.shape, bf16), n, scale], [(exact, bound)], shared=SHARED)
