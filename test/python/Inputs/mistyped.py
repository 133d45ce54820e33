"""Uses of the package that are wrong."""

import imhsa

imhsa.load(5)
imhsa.compile("attention.mlir", target=80)
imhsa.set_num_threads("4")
size: str = imhsa.load("libattention.so").attention.workspace_size()
