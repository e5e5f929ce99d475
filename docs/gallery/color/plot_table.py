"""
A photograph becomes a table
============================

For a mixture a photograph is a table: a row for every pixel, and the columns x, y, r, g, b.
Other than with a drawing, all pixels take part, for all of them have a color.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_sample_image

from gmmfast.plot import PointsDisplay

ORIGIN = (300, 180)

photo = load_sample_image("flower.jpg")
display = PointsDisplay.from_image(photo, origin=ORIGIN)
print(display.points[:3].astype(int))
plt.show()
