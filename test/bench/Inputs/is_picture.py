"""Fails unless each file is a picture with something on it: is_picture.py FILE..."""
import sys

import matplotlib.pyplot as plt

for path in sys.argv[1:]:
    pixels = plt.imread(path)
    assert pixels.shape[0] > 300 and pixels.shape[1] > 300, pixels.shape
    # Colours, not only the frame: lines have been drawn.
    assert (pixels[..., :3].max(-1) - pixels[..., :3].min(-1) > 0.3).sum() > 500, path
