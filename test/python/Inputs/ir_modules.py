"""imhsa.ir: every operation and clause against the oracle, passes, diagnostics at the lines of Python, errors."""

import os
import sys

import numpy as np
from common import HEADS, WIDTH, agree, fails, imhsa, mixing, oracle, tokens

from imhsa import ir

QUERIES, KEYS, LANDMARKS = 13, 17, 5
any_tokens = ir.tensor("f32", None, HEADS, None, WIDTH)
mix = ir.tensor("f32", HEADS, HEADS)
offsets = ir.tensor("f32", HEADS)


@ir.function(any_tokens, any_tokens, any_tokens, mix, offsets, mix, offsets)
def exact(query, key, value, pre, pre_bias, post, post_bias):
    """Exact attention.

    Every query sees some keys before it.
    """
    mixed = ir.Interaction(pre, pre_bias, post, post_bias)
    return ir.attention(query, key, value, interaction=mixed, causal=True, window=(7, 0), scale=1 / 3)


@ir.function(any_tokens, any_tokens, any_tokens, mix, mix)
def landmark(query, key, value, pre, post):
    output = ir.attention(
        query, key, value, landmarks=LANDMARKS, key_less=ir.Interaction(pre=pre), query_less=ir.Interaction(post=post)
    )
    return (output - query) * output + output / query


@ir.function(any_tokens, any_tokens, any_tokens)
def given(query, key, value):
    of_query, of_key = (ir.pool(tensor, LANDMARKS) for tensor in (query, key))
    return ir.attention(query, key, value, landmarks=(of_query, of_key)), of_key


@ir.function(
    any_tokens,
    any_tokens,
    ir.tensor("f32", 1, HEADS, 1, None),
    ir.tensor("i1", None, 1, None),
    ir.tensor("i32", None),
    mix,
)
def scores(query, key, bias, keep, key_lengths, pre):
    """The matrices, and what normalises them."""
    masks = dict(bias=bias, keep=keep, key_lengths=key_lengths, interaction=ir.Interaction(pre=pre))
    lse = ir.log_sum_exp(query, key, **masks)
    return ir.weights(query, key, lse=lse, **masks), lse


@ir.function(ir.tensor("f32", 2, None, HEADS, WIDTH), any_tokens, any_tokens)
def arranged(query, key, value):
    """[B,N,H,D] in, [B,H,N,D] out."""
    shift = key.size(2)
    (half,) = ir.operation("arith.divui {0}, {0} : {0.type}", shift, results=[ir.index])
    return ir.attention(query, key, value, order={"query": "bnhd"}, causal=True, query_offset=half, schedule="general, keys = 8")


@ir.function(ir.tensor("bf16", 1, 2, 12, 8))
def grid(query):
    """Landmarks of a grid of 3 x 4 tokens."""
    return ir.attention(query, query, query, landmarks="3x4 to 3x2", result="f32")


module = ir.module(exact, landmark, given, scores, arranged, grid)
library = module.compile(opt_level=0)

rng = np.random.default_rng()
query, key, value = tokens(rng), tokens(rng, count=KEYS), tokens(rng, count=KEYS)
pre, post = mixing(rng)
pre_bias, post_bias = (rng.standard_normal(HEADS).astype(np.float32) for _ in range(2))
agree(
    library.exact(query, key, value, pre, pre_bias, post, post_bias),
    oracle.attention(
        query, key, value, interaction=oracle.Interaction(pre, pre_bias, post, post_bias), causal=True, window=(7, 0), scale=1 / 3
    ),
)
assert "Every query sees some keys before it." in library.exact.__doc__

key, value = tokens(rng), tokens(rng)
query_bar, key_bar = (oracle.pool(x.astype(np.float64), LANDMARKS) for x in (query, key))
wanted = oracle.landmark_attention(
    query, key, value, query_bar, key_bar, key_less=oracle.Interaction(pre=pre), query_less=oracle.Interaction(post=post)
)
agree(library.landmark(query, key, value, pre, post), (wanted - query) * wanted + wanted / query)
output, pooled = library.given(query, key, value)
agree(output, oracle.landmark_attention(query, key, value, query_bar, key_bar))
agree(pooled, key_bar)

key, value = tokens(rng, count=KEYS), tokens(rng, count=KEYS)
bias = rng.standard_normal((1, HEADS, 1, KEYS)).astype(np.float32)
keep, lengths = rng.random((2, 1, KEYS)) < 0.7, np.array([KEYS, 11], np.int32)
keep[:, :, 0] = True
masks = dict(bias=bias, keep=keep, key_lengths=lengths, interaction=oracle.Interaction(pre=pre))
for found, wanted in zip(
    library.scores(query, key, bias, keep, lengths, pre),
    (oracle.attention_weights(query, key, **masks), oracle.log_sum_exp(query, key, **masks)),
):
    agree(found, wanted)
agree(
    library.arranged(np.ascontiguousarray(query.transpose(0, 2, 1, 3)), key, value),
    oracle.attention(query, key, value, causal=True, query_offset=1),
)

# The text, and passes on it.
print(ir.module(exact, scores))
fused = ir.module(landmark).run("func.func(imhsa-decompose)", "canonicalize", "cse", "imhsa-reorder-contractions{allow-reassociation}", "imhsa-fuse", "cse")
assert str(fused).count("imhsa.attention") == 2 and "imhsa.weights" not in str(fused)
line = open(__file__).read().split("\n").index("    output = ir.attention(") + 1
assert f"{__file__}:{line}:1: remark: product of 3 factors" in fused.diagnostics, fused.diagnostics
assert str(ir.Module(str(fused)).run()) == str(fused)
module.verify()


# What the verifier rejects it rejects at the line of Python.
@ir.function(any_tokens, ir.tensor("f32", None, 4, None, WIDTH))
def rejected(query, key):
    return ir.attention(query, key, key)


line = open(__file__).read().split("\n").index("    return ir.attention(query, key, key)") + 1
message = f"{__file__}:{line}:1: error: 'imhsa.attention' op [scores_c4]"
for attempt in (ir.module(rejected).verify, ir.module(rejected).compile, lambda: ir.module(rejected).run("cse")):
    fails(imhsa.CompileError, message, attempt)
fails(imhsa.CompileError, "imhsa-fusion", lambda: module.run("imhsa-fusion"))


# What is rejected while a function is traced.
def traced(*types):
    return lambda python: lambda: ir.function(*types)(python)


Invalid = imhsa.InvalidArgument
fails(Invalid, "element: expected one of f16, bf16", lambda: ir.tensor("float", 3))
fails(Invalid, "shape: expected sizes from 0 up, or None, found -1", lambda: ir.tensor("f32", 3, -1))
fails(Invalid, "expected a type for each of 2 parameters, found 1", traced(mix)(lambda a, b: a))
fails(Invalid, "<lambda>: expected a name of ASCII letters", traced(mix)(lambda a: a))


def fails_inside(text, *types):
    return lambda named: fails(Invalid, text, lambda: ir.function(*types)(named))


@fails_inside("expected to return values, found None", mix)
def nothing(a):
    pass


@fails_inside("query: expected a tensor of rank 4, found tensor<6x6xf32>", mix)
def ranks(a):
    return ir.attention(a, a, a)


@fails_inside("key: expected a value of the function, found 3", any_tokens)
def numbers(a):
    return ir.attention(a, 3, a)


@fails_inside("linalg.add: expected tensors of one type, found tensor<6x6xf32>, tensor<6xf32>", mix, offsets)
def types(a, b):
    return a + b


@fails_inside("order: expected bhnd or bnhd for query, key, value, output, found bhdn", any_tokens)
def orders(a):
    return ir.attention(a, a, a, order="bhdn")


@fails_inside("landmarks: expected 49 or '56x56 to 7x7', found 'many'", any_tokens)
def counts(a):
    return ir.pool(a, "many")


@fails_inside("are of different functions", mix)
def others(a):
    return a + exact.arguments[3]


fails(Invalid, "expected functions of different names, found ['exact', 'exact']", lambda: ir.module(exact, exact))
fails(Invalid, "expected functions of different names, found []", ir.module)

# The tool: where IMHSA_OPT says.
os.environ["IMHSA_OPT"] = os.path.join(sys.argv[1], "nowhere")
fails(imhsa.CompileError, "nowhere: No such file", module.verify)
print("ir: passed")
