"""What the page says, and what it is told."""

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saccade.core import Instances
from saccade.core.errors import InputError
from saccade.core.instances import id_array
from saccade.live import messages
from saccade.live.messages import Again, Choose, Inspect, Leave, Open, Play, Point, Record, Seek, Shown
from saccade.online.insight import Insight


@pytest.mark.parametrize(
    ("message", "command"),
    [
        ({"do": "open", "source": "0/a.mp4"}, Open("0/a.mp4")),
        ({"do": "choose", "model": "eco"}, Choose("eco")),
        ({"do": "play", "more": 1}, Play()),
        ({"do": "shown"}, Shown()),
        ({"do": "again"}, Again()),
        ({"do": "seek", "frame": 7}, Seek(7)),
        ({"do": "leave", "ids": [0, 2]}, Leave((0, 2))),
        ({"do": "inspect", "on": True}, Inspect(True)),
        ({"do": "record", "on": "yes"}, Record(False)),
        (
            {
                "do": "point",
                "frame": 3,
                "targets": [{"id": None, "box": [1, 2, 3, 4.5]}, {"id": 2, "box": [0, 0, 9, 9]}],
            },
            Point(3, ((None, (1.0, 2.0, 3.0, 4.5)), (2, (0.0, 0.0, 9.0, 9.0)))),
        ),
    ],
)
def test_commands(message: dict[str, object], command: messages.Command) -> None:
    assert messages.parse(json.dumps(message)) == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "[]",
        "null",
        "3",
        '{"do": "format"}',
        '{"do": ["play"]}',
        '{"do": "seek", "frame": -1}',
        '{"do": "seek", "frame": 1e9}',
        '{"do": "seek", "frame": true}',
        '{"do": "seek", "frame": 99999999999999999999}',
        '{"do": "open", "source": 3}',
        '{"do": "open", "source": "' + "x" * 501 + '"}',
        '{"do": "point", "frame": 0, "targets": [{"id": "a", "box": [1, 2, 3, 4]}]}',
        '{"do": "point", "frame": 0, "targets": [[1, 2]]}',
        '{"do": "leave", "ids": 3}',
        "[" * 100_000,
    ],
)
def test_rubbish_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(InputError, match="cannot be understood"):
        messages.parse(text)


@pytest.mark.parametrize(
    "box", ["[1, 2, 3]", "[1, 2, 0, 4]", "[1, 2, -3, 4]", "[NaN, 2, 3, 4]", "[1, Infinity, 3, 4]"]
)
def test_boxes_that_are_none_are_refused(box: str) -> None:
    with pytest.raises(InputError, match="the box"):
        messages.parse(f'{{"do": "point", "frame": 0, "targets": [{{"id": null, "box": {box}}}]}}')


@given(
    st.text()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["do", "frame", "box", "targets", "ids"]), x),
    ).map(json.dumps)
)
def test_nothing_but_an_input_error_comes_of_any_text(text: str) -> None:
    with suppress(InputError):
        messages.parse(text)


def test_what_was_found_is_told_in_rows_that_json_knows() -> None:
    mask = np.zeros((1, 20, 30), dtype=bool)
    mask[0, 5:10, 6:12] = True
    found = Instances(
        boxes=np.array([[1.0, 2.0, 4.004, 6.0]]),
        scores=np.array([np.nan]),
        ids=id_array([3]),
        status=np.array(["lost"]),
        masks=mask,
    )
    header = messages.pack({"targets": messages.told(found)}, b"jpeg")
    length = int.from_bytes(header[:4])
    assert header[4 + length :] == b"jpeg"
    (row,) = json.loads(header[4 : 4 + length])["targets"]
    assert row == {"box": [1, 2, 3, 4], "score": None, "id": 3, "status": "lost", "outline": row["outline"]}
    assert {tuple(point) for point in row["outline"][0]} == {(6, 5), (11, 5), (11, 9), (6, 9)}


def test_a_score_map_becomes_bytes() -> None:
    scores = np.linspace(-1, 3, 200 * 200, dtype=np.float32).reshape(200, 200)
    insight = Insight((0.0, 0.0, 10.0, 10.0), scores, 0.5, np.array([0.25, 0.75], np.float32), 1, 2)
    (row,) = messages.seen({"car": insight})
    assert row["size"] == [96, 96] and row["range"] == [-1, 3] and row["weights"] == [0.25, 0.75]
    flat = Insight((0.0, 0.0, 1.0, 1.0), np.zeros((4, 4), np.float32), 0.0, np.zeros(0, np.float32))
    assert messages.seen({0: flat})[0]["map"] == "AAAAAAAAAAAAAAAAAAAAAA=="
