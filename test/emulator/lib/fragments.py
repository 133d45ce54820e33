"""Which lane holds what of a matrix: PTX ISA, "Matrix Fragments for mma.m16n8k4", "…k8" and "…k16".

A layout is an array [32 lanes, registers, elements of a register, 2] of rows and columns. With
groupID g = lane / 4 and threadID_in_group t = lane % 4, as the manual calls them.
"""
import numpy as np


def layout(registers):
    """`registers` gives for (g, t) a list of registers, each a list of (row, column), the low half first."""
    return np.array([registers(lane // 4, lane % 4) for lane in range(32)])


def pair(row, column):
    """Two 16-bit elements of a row."""
    return [(row, column), (row, column + 1)]


# 16-bit multiplicands.
A16 = {
    8: layout(lambda g, t: [pair(g, 2 * t), pair(g + 8, 2 * t)]),
    16: layout(lambda g, t: [pair(g, 2 * t), pair(g + 8, 2 * t), pair(g, 2 * t + 8), pair(g + 8, 2 * t + 8)]),
}
B16 = {
    8: layout(lambda g, t: [[(2 * t, g), (2 * t + 1, g)]]),
    16: layout(lambda g, t: [[(2 * t, g), (2 * t + 1, g)], [(2 * t + 8, g), (2 * t + 9, g)]]),
}

# tf32 multiplicands, one element in a register.
A32 = {
    4: layout(lambda g, t: [[(g, t)], [(g + 8, t)]]),
    8: layout(lambda g, t: [[(g, t)], [(g + 8, t)], [(g, t + 4)], [(g + 8, t + 4)]]),
}
B32 = {
    4: layout(lambda g, t: [[(t, g)]]),
    8: layout(lambda g, t: [[(t, g)], [(t + 4, g)]]),
}

# Accumulators, f32 and f16.
C32 = layout(lambda g, t: [[p] for p in pair(g, 2 * t) + pair(g + 8, 2 * t)])
C16 = layout(lambda g, t: [pair(g, 2 * t), pair(g + 8, 2 * t)])

# One 8x8 matrix of 16-bit elements in a register: ldmatrix and stmatrix, without and with .trans.
MATRIX = layout(lambda g, t: [pair(g, 2 * t)])
MATRIX_TRANS = layout(lambda g, t: [[(2 * t, g), (2 * t + 1, g)]])


def gather(matrix, layout):
    """The registers of every lane, u32 [32, registers], that hold a matrix of 16- or 32-bit elements."""
    return np.ascontiguousarray(matrix[layout[..., 0], layout[..., 1]]).view(np.uint32).reshape(32, -1)


def scatter(registers, layout, shape, type):
    """The matrix that registers, u32 [32, registers], hold."""
    matrix = np.zeros(shape, type)
    matrix[layout[..., 0], layout[..., 1]] = np.ascontiguousarray(registers).view(type).reshape(layout.shape[:3])
    return matrix
