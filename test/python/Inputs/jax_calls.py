"""JAX arrays in, on the CPU; outputs, made by NumPy, become JAX arrays."""

import sys

import jax
import jax.numpy as jnp
import numpy as np

from common import agree, expected, fails, imhsa, mixing, oracle, tokens

library = imhsa.load(sys.argv[1])
rng = np.random.default_rng()
inputs = [*(tokens(rng) for _ in range(3)), *mixing(rng)]

for name, dtype in ("f32", jnp.float32), ("f16", jnp.float16), ("bf16", jnp.bfloat16):
    arrays = [jnp.asarray(x, dtype) for x in inputs]
    out = library.functions[name](*arrays)
    assert isinstance(out, jax.Array) and out.dtype == dtype and out.shape == (2, 6, 13, 32)
    agree(out, expected(*(np.asarray(x, np.float64) for x in arrays)), name)
    # What is not computed yet is waited for.
    agree(
        library.functions[name](arrays[0] * 2, *arrays[1:]),
        expected(*(np.asarray(x, np.float64) for x in (arrays[0] * 2, *arrays[1:]))),
        name,
    )

query, key, value = map(jnp.asarray, inputs[:3])
keep = jnp.asarray(rng.random((2, 13, 13)) < 0.7)
out, sums = library.masked(query, key, value, keep)
agree(out, oracle.attention(*inputs[:3], keep=np.asarray(keep)))
assert isinstance(sums, jax.Array)

# Into what can be written: not into a JAX array.
given = np.empty((2, 6, 13, 32), np.float32)
assert library.f32(*map(jnp.asarray, inputs), out=given) is given
agree(given, expected(*inputs))
fails(imhsa.InvalidTensor, "output 0 'output': read-only", lambda: library.f32(*inputs, out=query))

# Inside jax.jit there is no memory yet.
fails(imhsa.InvalidTensor, "Tracer cannot be exported", lambda: jax.jit(library.f32)(*map(jnp.asarray, inputs)))
print("jax: passed")
