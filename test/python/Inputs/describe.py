"""What a library tells of itself: names, signatures, texts, types."""

import inspect
import pydoc
import sys

from common import imhsa

library = imhsa.load(sys.argv[1])
print(library)
print("device:", library.device, "producer:", library.producer)
print("dir:", [name for name in dir(library) if name in library.functions])
for name, function in library.functions.items():
    assert function is getattr(library, name) and function.__name__ == name
    print(inspect.signature(function))
masked = library.masked
print("inputs:", *masked.inputs, "alignments:", [tensor.alignment for tensor in masked.inputs])
print("outputs:", *masked.outputs)
print("first:", masked.inputs[0].name, masked.inputs[0].dtype, masked.inputs[0].shape, library.bf16.inputs[0].shape)
print(pydoc.plain(pydoc.render_doc(masked)))
