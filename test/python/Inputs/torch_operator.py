"""Custom operators and the module of imhsa.torch: in and out of torch.compile, with symbolic sizes."""

import copy
import pickle
import sys

import numpy as np
import torch

from common import HEADS, WIDTH, agree, expected, fails, imhsa, mixing, oracle, tokens

import imhsa.torch

library = imhsa.load(sys.argv[1])
rng = np.random.default_rng()
arrays = [*(tokens(rng) for _ in range(3)), *mixing(rng)]
inputs = [torch.from_numpy(x) for x in arrays]
torch.set_num_threads(1)


def raises(error, text, call):
    """As `fails`, but torch.compile may have wrapped the error."""
    try:
        call()
    except Exception as raised:
        assert isinstance(raised, error) and text in str(raised), f"expected '{text}', found {raised!r}"
    else:
        raise AssertionError(f"expected an error with '{text}'")


def compiled(function, counts=None, backend="aot_eager", **options):
    """Without a graph break, which fullgraph makes an error; `counts` gets an entry for each graph."""

    def counting(graph, examples):
        if counts is not None:
            counts.append(sum(node.op == "call_function" and "f32" in str(node.target) for node in graph.graph.nodes))
        return torch._dynamo.lookup_backend(backend)(graph, examples)

    return torch.compile(function, fullgraph=True, backend=counting, **options)


# Called as the function is; views of [B,N,H,D] go in.
f32 = imhsa.torch.operator(library.f32, "test::f32")
wanted = expected(*arrays)
agree(f32(*inputs), wanted)
agree(torch.ops.test.f32(*inputs[:3], post=inputs[4], pre=inputs[3]), wanted)
views = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in inputs[:3]]
agree(f32(*views, *inputs[3:]), wanted)
assert imhsa.torch.operator(library.f32, "test::f32") is f32

# PyTorch's own checks: the schema, what the shape function says, tracing with symbolic sizes.
checks = ("test_schema", "test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")
for arguments in inputs, [*views, *inputs[3:]]:
    found = torch.library.opcheck(f32._opoverload, tuple(arguments))
    assert found == dict.fromkeys(checks, "SUCCESS"), found
keep = torch.rand(2, 13, 13) < 0.7
masked = imhsa.torch.operator(library.masked, "test::masked")
torch.library.opcheck(masked._opoverload, (*inputs[:3], keep))
bf16 = imhsa.torch.operator(library.bf16, "test::bf16")
torch.library.opcheck(bf16._opoverload, tuple(x.bfloat16() for x in inputs))
agree(bf16(*(x.bfloat16() for x in inputs)).double(), expected(*(x.bfloat16().double().numpy() for x in inputs)), "bf16")

# In one graph, and with dynamic sizes in one for all sizes.
graphs = []
doubled = compiled(lambda *x: 2 * f32(*x).transpose(1, 2), graphs, dynamic=True)
for batch, count in (2, 13), (3, 29), (5, 7):
    sized = [*(tokens(rng, batch, count) for _ in range(3)), *arrays[3:]]
    agree(doubled(*map(torch.from_numpy, sized)).transpose(1, 2) / 2, expected(*sized))
assert graphs == [1], graphs
out, sums = compiled(masked)(*inputs[:3], keep)
agree(out, oracle.attention(*arrays[:3], keep=keep.numpy()))
assert torch.equal(sums, masked(*inputs[:3], keep)[1])

# Shapes without data, from the description's dimensions: the result has the query's tokens.
meta = [torch.empty(shape, device="meta") for shape in ((4, 6, 17, 32), (4, 6, 9, 32), (4, 6, 9, 32), (6, 6), (6, 6))]
assert f32(*meta).shape == (4, 6, 17, 32) and f32(*meta).device.type == "meta"
raises(RuntimeError, "input 2 'value': dimension 2 (key_dim2): expected 9, found 8", lambda: f32(*meta[:2], meta[2][:, :, :8], *meta[3:]))
raises(RuntimeError, "input 3 'pre': dimension 0 (6): expected 6, found 5", lambda: f32(*meta[:3], meta[3][:5], meta[4]))
fails(imhsa.InvalidTensor, "input 4 'post': expected torch.float32 of rank 2, found torch.float32 of rank 1", lambda: f32(*meta[:4], meta[4][0]))
fails(imhsa.InvalidTensor, "input 0 'query': expected torch.float32 of rank 4, found torch.float16", lambda: f32(meta[0].half(), *meta[1:]))
# With data, the runtime's own checks.
fails(imhsa.InvalidTensor, "value dimension 2", lambda: f32(*inputs[:2], inputs[2][:, :, :8], *inputs[3:]))

# No gradient: an error at the call, compiled or not; none where it is not needed.
parameter = torch.nn.Parameter(inputs[0])
needed = "test::f32: input 0 'query': requires a gradient"
fails(imhsa.InvalidTensor, needed, lambda: f32(parameter, *inputs[1:]))
raises(Exception, needed, lambda: compiled(f32)(parameter, *inputs[1:]))
with torch.no_grad():
    agree(f32(parameter, *inputs[1:]), wanted)
    agree(compiled(f32)(parameter, *inputs[1:]), wanted)
with torch.inference_mode():
    agree(f32(*inputs), wanted)

# What cannot be an operator.
fails(imhsa.InvalidArgument, "test::f32 is already the name of another operator", lambda: imhsa.torch.operator(library.f16, "test::f32"))
fails(imhsa.InvalidArgument, "aten::mm is already", lambda: imhsa.torch.operator(library.f32, "aten::mm"))
fails(imhsa.InvalidArgument, "expected 'namespace::name', found 'f32'", lambda: imhsa.torch.operator(library.f32, "f32"))
joined = imhsa.load(sys.argv[2])
fails(
    imhsa.InvalidArgument,
    "joined: output 0 'output': expected a size that is fixed, or that of a dimension of an input, found dimension 1",
    lambda: imhsa.torch.operator(joined.joined, "test::joined"),
)


# The module, against the oracle in f64.
def reference(module, x):
    weights = {name: value.detach().double().numpy() for name, value in module.state_dict().items()}
    packed = x @ weights["qkv.weight"].T + weights.get("qkv.bias", 0)
    packed = packed.reshape(*x.shape[:2], 3, module.heads, -1).transpose(2, 0, 3, 1, 4)
    interaction = lambda side: oracle.Interaction(pre=weights[f"{side}_pre"], post=weights[f"{side}_post"])
    heads = oracle.landmark_attention(
        *packed, oracle.pool(packed[0], module.landmarks), oracle.pool(packed[1], module.landmarks),
        key_less=interaction("key_less"), query_less=interaction("query_less"),
    )
    heads = heads.transpose(0, 2, 1, 3).reshape(x.shape)
    return heads @ weights["projection.weight"].T + weights["projection.bias"]


def layer(**options):
    module = imhsa.torch.InteractiveAttention(48, 3, 5, **options)
    for name, value in module.named_parameters():
        if "less" in name:
            value.data += torch.randn(3, 3, dtype=value.dtype) / 3
    return module


made = []
compile_mlir = imhsa.torch.compile
imhsa.torch.compile = lambda *arguments, **options: made.append(options) or compile_mlir(*arguments, **options)
module = layer()
x = torch.randn(2, 21, 48)
assert sorted(module.state_dict()) == sorted(
    "key_less_post key_less_pre projection.bias projection.weight qkv.bias qkv.weight query_less_post query_less_pre".split()
)
fails(imhsa.InvalidTensor, "input 0 'query': requires a gradient", lambda: module(x))
raises(Exception, "input 0 'query': requires a gradient", lambda: compiled(module)(x))
made.clear()
imhsa.torch._compiled.clear()
with torch.no_grad():
    # Traced before anything is compiled, for any batch and tokens, in one graph.
    graphs = []
    traced = compiled(module, graphs, dynamic=True)
    for batch, count in (2, 21), (3, 50), (4, 3):
        sized = torch.randn(batch, count, 48)
        agree(traced(sized), reference(module, sized.double().numpy()))
        agree(module(sized), reference(module, sized.double().numpy()))
    assert len(graphs) == 1 and len(made) == 1, (graphs, made)
    # In torch.export, too.
    batch, count = torch.export.Dim("batch"), torch.export.Dim("count", min=2)
    exported = torch.export.export(module, (x,), dynamic_shapes=({0: batch, 1: count},)).module()
    assert torch.equal(exported(sized), module(sized)) and len(made) == 1
    # Other modules share what is compiled; another type, or number of heads, is compiled anew.
    other = layer(qkv_bias=False)
    agree(other(x), reference(other, x.double().numpy()))
    assert len(made) == 1
    half = layer(dtype=torch.bfloat16)
    agree(half(x.bfloat16()).double(), reference(half, x.bfloat16().double().numpy()), "bf16")
    assert len(made) == 2
    # Under autocast the tokens are narrower than the mixings.
    with torch.autocast("cpu", torch.bfloat16):
        agree(module(x).double(), reference(module, x.double().numpy()), "bf16")
    assert len(made) == 3
    # Q, K and V are views of the projection: nothing is copied on the way.
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        module(x)
    # But for a bias, which addmm copies into its result first.
    ran = {event.name for event in profile.events() if not event.cpu_parent or event.cpu_parent.name != "aten::addmm"}
    assert "imhsa::interactive_attention" in ran and not ran & {"aten::copy_", "aten::clone", "aten::contiguous"}, ran
    # As PyTorch's modules: copied, pickled, loaded.
    for twin in copy.deepcopy(module), pickle.loads(pickle.dumps(module)):
        assert torch.equal(twin(x), module(x))
    other = layer()
    other.load_state_dict(module.state_dict())
    assert torch.equal(other(x), module(x))
    packed = torch.randn(2, 21, 3, 3, 16)
    mixings = [torch.randn(3, 3) for _ in range(4)]
    torch.library.opcheck(torch.ops.imhsa.interactive_attention.default, (*packed.unbind(2), *mixings, 5))
    assert len(made) == 3
    fails(imhsa.InvalidTensor, "x: expected [B, N, 48], found [21, 48]", lambda: module(x[0]))
    fails(imhsa.InvalidTensor, "query: expected rank 4 and one of torch.float16", lambda: torch.ops.imhsa.interactive_attention(*packed.int().unbind(2), *mixings, 5))
fails(imhsa.InvalidArgument, "dim: expected a multiple of 5 heads, found 48", lambda: imhsa.torch.InteractiveAttention(48, 5, 5))
fails(imhsa.InvalidArgument, "landmarks: expected at least one, found 0", lambda: imhsa.torch.InteractiveAttention(48, 3, 0))
assert repr(module).startswith("InteractiveAttention(\n  dim=48, heads=3, landmarks=5\n")

print("operators: passed")
