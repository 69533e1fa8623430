"""Charts: what goes in is what is drawn, and files are whole."""

import re

import cv2
import numpy as np
import pytest
from matplotlib.colors import to_hex

from saccade.core import OutputError
from saccade.draw.charts import (
    curve_plot,
    dot_plot,
    inks_of,
    over_time,
    save,
    speed_plot,
    success_plot,
    to_svg,
)

AT = np.arange(10)
THRESHOLDS = np.linspace(0, 1, 21)


def legend(figure) -> list[str]:
    shown = figure.axes[0].get_legend()
    return [] if shown is None else [text.get_text() for text in shown.get_texts()]


def test_one_line_needs_no_legend():
    figure = over_time(AT, {"eco": np.linspace(0, 1, 10)}, label="score")
    assert legend(figure) == []
    assert figure.axes[0].get_ylabel() == "score"
    assert np.array_equal(figure.axes[0].lines[0].get_ydata(), np.linspace(0, 1, 10))


def test_spans_are_shaded_and_named_once():
    hidden = np.isin(AT, [2, 3, 7])
    figure = over_time(AT, {"eco": np.ones(10)}, label="score", spans={"hidden": hidden})
    assert legend(figure) == ["eco", "hidden"]
    assert len(figure.axes[0].patches) == 2


def test_negative_values_are_not_cut_off():
    low, _ = over_time(AT, {"eco": np.linspace(-3, 1, 10)}, label="score").axes[0].get_ylim()
    assert low < -3
    assert over_time(AT, {"eco": np.linspace(2, 3, 10)}, label="size").axes[0].get_ylim()[0] == 0


@pytest.mark.parametrize("values", [np.full(10, np.nan), np.ones(10)], ids=["gaps only", "constant"])
def test_degenerate_values_are_drawn(values, tmp_path):
    assert save(over_time(AT, {"eco": values}, label="score"), tmp_path / "chart.png").is_file()


def test_a_single_frame_is_drawn(tmp_path):
    assert save(over_time(AT[:1], {"eco": np.ones(1)}, label="score"), tmp_path / "chart.png").is_file()


def test_a_run_backwards_is_drawn_from_its_first_frame_in_time():
    figure = over_time(AT[::-1].copy(), {"eco": np.ones(10)}, label="score")
    assert figure.axes[0].get_xlim() == (AT.min(), AT.max())


def test_long_names_leave_the_axes_their_room():
    names = ["eco", "kcf", "a-very-long-name-that-somebody-gave-a-tracker"]
    curves = {name: np.full(21, 50.0) for name in names}
    figure = curve_plot(np.linspace(0, 1, 21), curves, x_label="overlap", y_label="frames [%]")
    figure.draw_without_rendering()
    axes = figure.axes[0]
    assert axes.get_position().width * figure.get_size_inches()[0] > 3.5
    assert "…" in legend(figure)[2]
    assert len(legend(figure)[2]) < 30
    assert not axes.get_legend().get_window_extent().overlaps(axes.get_window_extent())


def test_the_best_success_curve_comes_first_with_its_area():
    figure = success_plot(THRESHOLDS, {"still": 1 - THRESHOLDS, "eco": 1 - THRESHOLDS**3})
    assert legend(figure) == ["eco  73.7", "still  50.0"]


def test_a_figure_becomes_a_picture_of_print_quality(tmp_path):
    path = save(success_plot(THRESHOLDS, {"eco": 1 - THRESHOLDS}), tmp_path / "deep" / "success.png")
    picture = cv2.imread(str(path))
    assert picture.shape == (580, 960, 3)
    assert (picture < 250).any()


def test_where_nothing_can_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"success\.png"):
        save(success_plot(THRESHOLDS, {"eco": THRESHOLDS}), tmp_path / "file" / "success.png")


def test_svg_stands_alone_and_is_the_same_each_time():
    first, second = (to_svg(success_plot(THRESHOLDS, {"eco": 1 - THRESHOLDS})) for _ in range(2))
    assert first == second
    assert first.startswith("<svg") and first.rstrip().endswith("</svg>")
    assert not re.search(r'(href|src)="http', first)


def test_names_keep_their_ink_in_every_chart():
    inks = inks_of(["eco", "still"])
    curves = {"still": 1 - THRESHOLDS, "eco": 1 - THRESHOLDS**3}
    plot = curve_plot(THRESHOLDS, curves, x_label="x", y_label="y", inks=inks)
    colors = {line.get_label(): line.get_color() for line in plot.axes[0].lines}
    assert colors == {name: inks[name].color for name in curves}
    time = over_time(AT, {"still": np.ones(10)}, label="score", inks=inks)
    assert time.axes[0].lines[0].get_color() == inks["still"].color
    dots = dot_plot({"all": {"eco": 60.0, "still": 14.0}}, x_label="AUC %", names=["eco", "still"], inks=inks)
    assert [to_hex(dot.get_facecolor()[0]).upper() for dot in dots.axes[0].collections] == [
        inks[name].color for name in ("eco", "still")
    ]


def test_no_two_of_many_lines_look_the_same():
    inks = inks_of([f"model{i}" for i in range(40)])
    assert len(set(inks.values())) == 40


def test_a_curve_may_end_early_and_carries_its_score():
    figure = curve_plot(
        np.arange(5.0),
        {"short": np.ones(2), "long": np.ones(5)},
        x_label="x",
        y_label="y",
        scores={"short": "1.0", "long": "–"},
        title="EAO",
    )
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [2, 5]
    assert legend(figure) == ["short  1.0", "long  –"]


def test_speeds_stand_on_a_logarithmic_axis_with_their_names(tmp_path):
    figure = speed_plot({"$eco$": (84.0, 66.0), "still": (3800.0, 14.6)}, y_label="AUC %")
    assert figure.axes[0].get_xscale() == "log"
    assert [text.get_text() for text in figure.axes[0].texts] == ["$eco$", "still"]
    assert save(figure, tmp_path / "speed.png").is_file()
    # a name is no formula
    assert "$eco$" in to_svg(figure)
