"""Imports imhsa.torch where PyTorch is not there, and where it has no custom operators yet."""

import sys
import types

import imhsa

assert not hasattr(imhsa, "torch") and "torch" not in sys.modules, "expected imhsa to import no PyTorch"
old = types.ModuleType("torch")
old.__version__, old.library = "2.3.1", types.ModuleType("torch.library")
for there in None, old:
    sys.modules["torch"] = there
    try:
        import imhsa.torch
    except ImportError as error:
        assert error.name == "torch"
        print(f"ImportError: {error}")
    else:
        raise AssertionError("expected an ImportError")
