"""
A photograph becomes a table
============================

To a mixture a photograph is a table: it has a row for every pixel, and the columns x, y, r, g, b.
Unlike in a drawing, all pixels take part, because all of them have a color.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.transforms import Bbox
from sklearn.datasets import load_sample_image

from gmmfast import images

ORIGIN = (300, 180)
SIDE, ROWS = 10, 12

x, y = ORIGIN
corner = load_sample_image("flower.jpg")[y : y + SIDE, x : x + SIDE]
points = images.color_points(corner).astype(int) + np.array([x, y, 0, 0, 0])
print(points[:3])

# %%

fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 4.2), layout="constrained")
left.imshow(corner, extent=(x - 0.5, x + SIDE - 0.5, y + SIDE - 0.5, y - 0.5))
for i in np.arange(SIDE - 1) + 0.5:
    left.axvline(x + i, color="white", lw=1.2)
    left.axhline(y + i, color="white", lw=1.2)
left.set(xlabel="x", ylabel="y")
left.tick_params(length=0)
left.spines[:].set_visible(False)
right.set_axis_off()
table = right.table(
    [["", *row] for row in points[:ROWS]],
    cellColours=[[row[2:] / 255, *["white"] * 5] for row in points[:ROWS]],
    colLabels=["", "x", "y", "r", "g", "b"],
    colWidths=[0.12, *[0.17] * 5],
    cellLoc="center",
    bbox=Bbox.unit(),
)
for cell in table.get_celld().values():
    cell.set(edgecolor="#d8dde6", linewidth=0.8)
plt.show()
