"""A picture of associations: two balloons that pass each other, as each way to associate numbers them."""

import numpy as np
from matplotlib.figure import Figure

from docs.how.drawing import footage, paper
from saccade.association.associator import ASSOCIATORS, Associator
from saccade.core import Frame, Instances
from saccade.core.instances import NOBODY

FIRST, LAST, STEP, FPS = 50, 112, 2, 6
"""frames in which both are in sight, every other one: six a second, as 120 frames tell ten seconds"""
UNSEEN = 0.25
"""share of a balloon that is seen below which it is not detected"""


def detections() -> list[tuple[Frame, Instances]]:
    """What a detector would find: boxes a little off, as sure as there is to be seen of the balloon."""
    rng = np.random.default_rng(0)
    found = []
    for number in range(FIRST, LAST, STEP):
        rgb, boxes, visibility = footage.clip()[number]
        size = np.tile(boxes[:2, 2:] - boxes[:2, :2], 2)
        noisy = boxes[:2] + 0.03 * size * rng.standard_normal((2, 4))
        scores = np.clip(0.95 * visibility[:2] + 0.02 * rng.standard_normal(2), 0.01, 0.99)
        seen, index = visibility[:2] > UNSEEN, (number - FIRST) // STEP
        frame = Frame(rgb, index, index / FPS)
        found.append(
            (frame, Instances(boxes=noisy[seen], scores=scores[seen], frame=index, time=index / FPS))
        )
    return found


def identities() -> Figure:
    """Where what is found lies from frame to frame, in the colour of its identity."""
    inks = (paper.BLUE, paper.ORANGE, paper.GREEN, paper.PURPLE, paper.RED)
    seen = detections()
    with paper.panels(*[1] * len(ASSOCIATORS), height=2.8) as (figure, panels):
        for axes, name in zip(panels, ASSOCIATORS, strict=True):
            associator = Associator.of(name, fps=FPS)
            rows = []
            for frame, found in seen:
                named = associator.update(found, frame)
                middle = (named.boxes[:, 0] + named.boxes[:, 2]) / 2
                rows += [(frame.index, *row) for row in zip(middle, named.scores, named.ids, strict=True)]
            at, x, scores, ids = np.array(rows).T
            colors = [paper.FAINT if who == NOBODY else inks[int(who) % len(inks)] for who in ids]
            axes.scatter(at, x, c=colors, s=4 + 14 * scores, lw=0)
            count = len(set(ids) - {NOBODY})
            paper.chart(axes, f"{name}: {count} identities", "frame", "x of the middle [px]")
    return figure
