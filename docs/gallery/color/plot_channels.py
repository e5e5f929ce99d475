"""
Each channel as a picture
=========================

A color has three numbers, red, green and blue. The display shows the photograph and each
channel as a picture of its own.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

from gmmfast.plot import ChannelsDisplay

STEP = 1

photo = load_sample_image("flower.jpg")[::STEP, ::STEP]
ChannelsDisplay.from_image(photo)
plt.show()
