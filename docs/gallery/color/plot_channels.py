"""
The channels, apart
===================

A color is three numbers. Each channel alone is a picture, and none of them is enough.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

from gmmfast.plot import ChannelsDisplay

STEP = 1

photo = load_sample_image("flower.jpg")[::STEP, ::STEP]
ChannelsDisplay.from_image(photo)
plt.show()
