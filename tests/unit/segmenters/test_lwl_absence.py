"""LWL on targets that go and return, or come later."""

import numpy as np
import torch

from saccade.core import Status, Stopwatch, Targets
from tests.unit.segmenters.test_lwl import A, B, begun, check, mask, model, picture, seen


@torch.inference_mode()
def test_a_target_that_disappears_is_lost_until_it_returns():
    segmenter, frame, state, sight = begun()
    here, nowhere = (20, 20, 30, 20), (0, 0, 0, 0)
    status, masks, centres = [], [], []
    for box in (here, nowhere, nowhere, nowhere, here):
        found = segmenter.conclude(frame, state, seen(sight, box), Stopwatch())
        status.append(list(Status)[found.estimate.status[0]])
        masks.append(found.masks[0].numpy())
        centres.append(state.centre[0].tolist())
        state.age += 1
    assert status == [Status.TRACKED, *[Status.LOST] * 3, Status.TRACKED]
    for drawn, box in zip(masks, (here, nowhere, nowhere, nowhere, here), strict=True):
        np.testing.assert_array_equal(drawn, mask(box))
    # it is looked for where it was seen last
    assert centres[:-1] == [centres[0]] * 4
    assert torch.isfinite(state.filter).all()
    assert torch.isfinite(state.encodings).all()


def test_a_target_that_comes_later_leaves_the_frames_before_as_they_were():
    alone, joined = model().start(), model().start()
    first = Targets(masks=[mask(A)], ids=[1])
    for number in range(2):
        wish = first if number == 0 else None
        expected, found = (run.step(picture(number), wish) for run in (alone, joined))
        np.testing.assert_array_equal(found.masks, expected.masks)
    found = joined.step(picture(2), Targets(masks=[mask(B)], ids=[3]))
    check(found, [1, 3])
    np.testing.assert_array_equal(found.boxes[1], [B[0], B[1], B[0] + B[2], B[1] + B[3]])
    check(joined.step(picture(3)), [1, 3])
