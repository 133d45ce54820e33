"""PyTorch: mixing written as einsum, as a matrix product and as a 1 x 1 convolution, and torch.compile."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict

import torch
import torch.nn.functional as F

from machine import available_memory

from . import Build, Run, Unsupported, segments

torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def versions() -> Dict[str, str]:
    oneapi = next((line.strip(" -") for line in torch.__config__.show().splitlines() if "MKL-DNN" in line), "")
    return {"PyTorch": torch.__version__, "oneDNN in PyTorch": oneapi.split(" (")[0].rpartition(" v")[2]}


def mix_by_matmul(weights: Any, scores: Any) -> Any:
    return torch.matmul(weights, scores.flatten(2)).view(scores.shape)


def mix_by_einsum(weights: Any, scores: Any) -> Any:
    return torch.einsum("sh,bhnl->bsnl", weights, scores)


def mix_by_convolution(weights: Any, scores: Any) -> Any:
    return F.conv2d(scores, weights[:, :, None, None])


def mix_by_sums(weights: Any, scores: Any) -> Any:
    """What torch.compile can fuse with the softmax."""
    heads = range(scores.shape[1])
    return torch.stack([sum(weights[s, h] * scores[:, h] for h in heads) for s in heads], dim=1)


MIXINGS = {"matmul": mix_by_matmul, "einsum": mix_by_einsum, "convolution": mix_by_convolution}


def formulations(case: Any) -> Dict[str, Build]:
    if not case.landmarks:
        return exact_formulations(case)
    if not case.mixing:
        return {"matmul": of_landmarks(mix_by_matmul), "compiled": of_landmarks(mix_by_matmul, torch.compile)}
    named: Dict[str, Build] = {name: of_landmarks(mixing) for name, mixing in MIXINGS.items()}
    named["compiled matmul"] = of_landmarks(mix_by_matmul, torch.compile)
    named["compiled sums"] = of_landmarks(mix_by_sums, torch.compile)
    return named


def inputs(problem: Any) -> Any:
    """Query, key, value, output and mixings as tensors in the same memory."""
    tensors = [torch.from_numpy(array) for array in (problem.query, problem.key, problem.value, problem.out)]
    return (*tensors, [torch.from_numpy(weights) for weights in problem.mixes])


def landmark_attention(query: Any, key: Any, value: Any, mixes: Any, landmarks: int, segment: int, scale: float,
                       mixing: Callable[[Any, Any], Any]) -> Any:
    """The weights of tokens over landmarks, and the context, whose product is the result."""
    mix = (lambda index, scores: mixing(mixes[index], scores)) if mixes else (lambda index, scores: scores)
    pooled_query, pooled_key = (x.unflatten(2, (landmarks, segment)).mean(3) * scale for x in (query, key))
    summed = mix(3, torch.softmax(mix(2, pooled_query @ key.transpose(-1, -2)), -1))
    read = mix(1, torch.softmax(mix(0, query @ pooled_key.transpose(-1, -2)), -1))
    return read, summed @ value


def of_landmarks(mixing: Any, compiler: Any = None) -> Build:
    def build(problem: Any) -> Run:
        query, key, value, out, mixes = inputs(problem)
        segment = segments(problem)
        attend = landmark_attention
        if compiler:
            torch._dynamo.reset()
            attend = compiler(landmark_attention, fullgraph=True, dynamic=False)

        def factors() -> Any:
            return attend(query, key, value, mixes, problem.case.landmarks, segment, problem.scale, mixing)

        def run() -> Any:
            with torch.inference_mode():
                torch.matmul(*factors(), out=out)
            return problem.out

        if compiler:
            with torch.inference_mode():
                factors()  # The first call compiles.
        return run

    return build


def exact_formulations(case: Any) -> Dict[str, Build]:
    named: Dict[str, Build] = {} if case.mixing else {"scaled_dot_product_attention": fused}
    named["whole"] = whole
    for chunk in (64, 256, 1024):
        if chunk < case.tokens:
            named[f"chunks of {chunk}"] = chunked(chunk)
    return named


def fused(problem: Any) -> Run:
    query, key, value, _, _ = inputs(problem)

    def run() -> Any:
        with torch.inference_mode():
            return F.scaled_dot_product_attention(query, key, value).numpy()

    return run


def whole(problem: Any) -> Run:
    # Two matrices of scores are there at once, and a third while a result is made.
    needed, available = 3 * 4 * problem.case.scores, available_memory()
    if needed > available:
        raise Unsupported(f"needs {needed >> 20} MiB, {available >> 20} are available")
    return chunked(problem.case.tokens)(problem)


def chunked(chunk: int) -> Build:
    def build(problem: Any) -> Run:
        query, key, value, out, mixes = inputs(problem)
        mix = (lambda index, scores: mix_by_matmul(mixes[index], scores)) if mixes else (lambda index, scores: scores)

        def run() -> Any:
            with torch.inference_mode():
                for start in range(0, query.shape[2], chunk):
                    rows = slice(start, start + chunk)
                    scores = (query[:, :, rows] * problem.scale) @ key.transpose(-1, -2)
                    out[:, :, rows] = mix(1, torch.softmax(mix(0, scores), -1)) @ value
            return problem.out

        return run

    return build
