"""What NVIDIA's chips can do at most, for roofline.py, and how many blocks fit on them.

Rates are per multiprocessor and clock, in lanes unless said otherwise. Where they are from:

* A100: NVIDIA, "A100 Tensor Core GPU Architecture" (2020): multiprocessors, clock, L2 and its 5120 bytes
  a clock, 1024 dense bf16 multiply-adds; data sheet of the A100 SXM 80 GB: memory bandwidth.
* H100: NVIDIA, "H100 Tensor Core GPU Architecture" (2022) and data sheet of the H100 SXM: 66.9 TFLOP/s
  of f32 are 132 x 128 lanes at 1.98 GHz, 989.4 TFLOP/s of bf16 are 132 x 2048 multiply-adds at 1.83 GHz.
  The clock here is the latter, the one of long matrix work. H200: its data sheet; the chip is the H100's.
* mma.sync reaches 62.9% of the H100's tensor cores, wgmma all: Luo et al., "Benchmarking and Dissecting
  the Nvidia Hopper GPU Architecture via Microbenchmarking" (2024), arXiv 2402.13499.
* The H100's L2 has no published bandwidth: taken as the A100's bytes a clock.
* Lanes of arithmetic: NVIDIA, "CUDA C++ Programming Guide", throughput of native arithmetic instructions,
  columns 8.0 and 9.0. Shared memory: 32 banks of 4 bytes a clock. Four warp schedulers.
* Limits of a multiprocessor: the same guide, technical specifications per compute capability.
"""
from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    name: str
    devices: tuple[str, ...]  # one of these is part of the name that the driver gives
    arch: str  # what imhsa-compile calls it
    multiprocessors: int
    clock: float  # Hz
    memory_bandwidth: float  # bytes a second
    l2_bytes: int
    l2_bandwidth: float  # bytes a second
    multiply_add: int = 64
    compare: int = 64  # and whole numbers
    special: int = 16
    convert: int = 64
    shuffle: int = 32
    tensor: float = 1024  # 16-bit multiply-adds of mma.sync; of tf32 half as many
    schedulers: int = 4  # instructions of warps
    shared_bytes_per_clock: int = 128
    # Limits of a multiprocessor.
    shared_bytes: int = 164 << 10
    registers: int = 65536
    warps: int = 64
    blocks: int = 32

    @property
    def clocks(self) -> float:
        """Clocks of all multiprocessors in a second."""
        return self.multiprocessors * self.clock


_HOPPER = dict(
    arch="sm_90a", multiprocessors=132, clock=1.83e9, l2_bytes=50 << 20, l2_bandwidth=5120 * 1.83e9,
    multiply_add=128, tensor=0.629 * 2048, shared_bytes=228 << 10,
)  # fmt: skip

CHIPS = (
    Chip("A100", ("A100",), "sm_80", 108, 1.41e9, 2.039e12, 40 << 20, 5120 * 1.41e9),
    Chip("H100", ("H100",), memory_bandwidth=3.35e12, **_HOPPER),
    Chip("H200", ("H200", "GH200"), memory_bandwidth=4.8e12, **_HOPPER),
)

_WARP_REGISTERS = 256  # what is given out at once to a warp
_BLOCK_SHARED = 1024  # what the system keeps for itself in each block


def blocks_per_multiprocessor(chip: Chip, threads: int, registers: int, shared_bytes: int) -> int:
    """How many blocks of a kernel fit on a multiprocessor; 0 where not even one does.

    registers: of a lane. shared_bytes: of a block, static and dynamic.
    """
    warps = -(-threads // 32)
    per_warp = -(-registers * 32 // _WARP_REGISTERS) * _WARP_REGISTERS
    # Each of the four schedulers has a quarter of the registers.
    warps_by_registers = 4 * (chip.registers // 4 // per_warp) if registers else chip.warps
    shared = -(-shared_bytes // 128) * 128 + _BLOCK_SHARED
    return min(chip.blocks, chip.warps // warps, warps_by_registers // warps, chip.shared_bytes // shared)
