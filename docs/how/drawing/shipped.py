"""Pictures of what runs with the weights that ship, or needs none: the loop, ECO, dimp_nano."""

import itertools
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from torch import Tensor

import saccade
from docs.how.drawing import footage, paper
from docs.how.drawing.footage import ALONE, CROSSING, START
from saccade.core import Stopwatch
from saccade.online.insight import Insight
from saccade.ops.crops import CropView
from saccade.ops.warps import warp_crops
from saccade.solvers.conjugate_gradient import ConjugateGradient, fletcher_reeves
from saccade.trackers.eco import ECO
from saccade.trackers.eco.correlation import FilterEquation, from_spectrum, label, penalty
from saccade.trackers.eco.tracker import ECOState, ECOTracker
from saccade.trackers.nano.appearance import cues

SIDE = 288
"""pixels of a search region as it is drawn"""


@lru_cache(maxsize=4)
def story(name: str) -> dict[int, tuple[Insight, saccade.Instances]]:
    """What a tracker sees in each frame from the second on, and what it finds there."""
    run = saccade.load(name).start(seed=0)
    run.step(footage.clip()[START].rgb, saccade.Targets(boxes=[tuple(footage.target(START)[0].tolist())]))
    told = {}
    for number in range(START + 1, footage.LENGTH):
        picture = footage.clip()[number].rgb
        (insight,) = run.inspect(picture).values()
        told[number] = (insight, run.step(picture))
    return told


def region_of(number: int, insight: Insight, side: int = SIDE) -> UInt8[np.ndarray, "side side 3"]:
    """The pixels of a search region, whose border goes on beyond the frame."""
    x1, y1, x2, y2 = insight.region
    view = CropView(
        torch.tensor([[(x1 + x2) / 2, (y1 + y2) / 2]]).double(),
        torch.tensor([(x2 - x1) / side]).double(),
        (side, side),
    )
    return np.asarray(warp_crops(footage.clip()[number].rgb, view)[0])


def in_region(corners: Any, insight: Insight, side: int = SIDE) -> Float[np.ndarray, "4"]:
    """A box of the frame in pixels of the region."""
    x1, y1, x2, _ = insight.region
    return (np.asarray(corners) - (x1, y1, x1, y1)) * side / (x2 - x1)


def principal_colors(features: Float[Tensor, "C h w"]) -> Float[np.ndarray, "h w 3"]:
    """The three directions in which features vary most, as red, green and blue."""
    rows = features.flatten(1).T.double()
    rows = rows - rows.mean(dim=0)
    axes = torch.linalg.eigh(rows.T @ rows).eigenvectors[:, -3:]
    colors = rows @ (axes * axes.sum(dim=0).sign())
    low, high = colors.quantile(0.02, dim=0), colors.quantile(0.98, dim=0)
    return ((colors - low) / (high - low)).clamp(0, 1).reshape(*features.shape[1:], 3).numpy()


def loop() -> Figure:
    """One turn of the loop, with what dimp_nano really has at hand at each station."""
    insight, found = story("dimp_nano")[ALONE]
    rgb = footage.clip()[ALONE].rgb
    region = region_of(ALONE, insight)
    model = saccade.load("dimp_nano")
    crop = torch.tensor(region_of(ALONE, insight, model.config.search.side))[None]
    losses, _ = first_frame_losses()
    with paper.panels(1, height=4.6) as (figure, (whole,)):
        whole.remove()
        axes = list(figure.subplots(2, 3, width_ratios=(1.35, 1, 1)).flat)
        look, describe, score, improve, remember, measure = axes
        paper.picture(look, rgb, "1  look at the search region")
        paper.box(look, insight.region, paper.ORANGE)
        with torch.inference_mode():
            features = model.network.features(crop, cues(crop))[0]
        paper.picture(describe, principal_colors(features.clone()), "2  features")
        paper.heat(score, region, insight.scores, "3  score every place")
        paper.picture(measure, region, "4  measure the box")
        paper.box(measure, in_region(found.boxes[0], insight), paper.GREEN, width=2.4)
        remember.bar(range(len(insight.weights)), 100 * insight.weights, color=paper.BLUE)
        paper.chart(remember, "5  remember", "sample", "weight [%]")
        improve.plot(losses, "o-", color=paper.RED, ms=3)
        paper.chart(improve, "6  improve the filter", "step", "loss", logarithmic=True)
        figure.get_layout_engine().set(w_pad=0.22, h_pad=0.16)
        join(figure, (look, describe, score, measure, remember, improve, look))
    return figure


def join(figure: Figure, stations: Any) -> None:
    """Draws arrows from panel to panel."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for before, behind in itertools.pairwise(stations):
        a, b = before.get_tightbbox(), behind.get_tightbbox()
        if abs(a.y0 - b.y0) < figure.bbox.height / 4:
            middle = (before.get_window_extent().y0 + before.get_window_extent().y1) / 2
            ends = ((a.x1, middle), (b.x0, middle)) if a.x0 < b.x0 else ((a.x0, middle), (b.x1, middle))
        else:
            middle = (behind.get_window_extent().x0 + behind.get_window_extent().x1) / 2
            ends = ((middle, a.y0), (middle, b.y1)) if a.y0 > b.y0 else ((middle, a.y1), (middle, b.y0))
        inverse = figure.transFigure.inverted()
        start, stop = (inverse.transform(end) for end in ends)
        figure.add_artist(
            FancyArrowPatch(start, stop, arrowstyle="-|>", mutation_scale=14, color=paper.INK, lw=2)
        )


@lru_cache(maxsize=1)
def first_frame_losses() -> tuple[list[float], list[float]]:
    """The losses of dimp_nano's coarse and fine filter after each step on the first frame."""
    tracker = saccade.load("dimp_nano").tracker
    rows = torch.zeros(1, dtype=torch.long)
    with torch.inference_mode():
        boxes = footage.target(START)
        state = tracker.begin(footage.frame(START), boxes, [footage.seeded()], Stopwatch())
        both = []
        for model, learned in ((tracker.coarse, state.coarse), (tracker.fine, state.fine)):
            learned.filter.zero_()
            losses = [float(model.loss(learned))]
            for _ in range(tracker.config.learning.first_steps):
                model.improve(learned, rows, steps=1)
                losses.append(float(model.loss(learned)))
            both.append(losses)
    return both[0], both[1]


def _eco_begun() -> tuple[ECOState, Tensor, Tensor]:
    """ECO after its first frame; its penalty, and the target's size in cells."""
    with torch.inference_mode():
        state = ECOTracker(ECO).begin(
            footage.frame(START), footage.target(START).double(), [footage.seeded()], Stopwatch()
        )
        cells = state.size * ECO.search.cells / (ECO.search.area * state.size.prod(1, keepdim=True).sqrt())
        return state, penalty(cells, ECO.search.cells, ECO.filter), cells


def eco_filter() -> Figure:
    """What ECO wants of its filter, and what it gets."""
    state, squares, cells = _eco_begun()
    sigma = ECO.filter.label_sigma * cells.prod(1).sqrt()
    wished = from_spectrum(label(sigma, ECO.search.cells))[0]
    energy = from_spectrum(state.filter).square().sum(1).sqrt()[0]
    half = ECO.search.cells // 2
    with paper.panels(1, 1, 1, 1.5) as (figure, (first, second, third, fourth)):
        paper.picture(first, wished, "label $y$")
        paper.picture(second, squares[0].roll((half, half), (0, 1)).sqrt(), "penalty $w$")
        paper.picture(third, energy.roll((half, half), (0, 1)), "filter, root of its energy")
        middle = half - 0.5
        for axes in (second, third):
            w, h = cells[0].tolist()
            paper.box(axes, (middle - w / 2, middle - h / 2, middle + w / 2, middle + h / 2), "white")
        fourth.plot(_eco_rest(state, squares), color=paper.RED)
        paper.chart(
            fourth, "conjugate gradients", "step", "$|b - (G + R)\\,h|\\; /\\; |b|$", logarithmic=True
        )
    return figure


def _eco_rest(state: ECOState, squares: Tensor) -> list[float]:
    """The share of the equation that is left after each step on the first frame."""
    equation = FilterEquation(state.gram, squares, ECO.filter)
    solver, rests = ConjugateGradient(beta=fletcher_reeves), []
    for steps in range(ECO.filter.first_steps + 1):
        (h,), _ = solver.solve(equation, (state.cross,), (torch.zeros_like(state.cross),), steps=steps)
        rest = (state.cross - equation.apply((h,))[0],)
        whole = equation.inner((state.cross,), (state.cross,))
        rests.append(float((equation.inner(rest, rest) / whole).sqrt()))
    return rests


def eco_scores() -> Figure:
    """ECO's scores where the target is alone and where its double passes; its confidence over the clip."""
    return _scores_over_time("eco", "smoothed response", (ECO.confidence.lost_below, "lost below"))


def nano_scores() -> Figure:
    """The same of dimp_nano."""
    limits = saccade.load("dimp_nano").config.confidence
    return _scores_over_time("dimp_nano", "highest score", (limits.uncertain_below, "uncertain below"))


def _scores_over_time(name: str, label_of_scores: str, limit: tuple[float, str]) -> Figure:
    told = story(name)
    with paper.panels(1, 1, 1.7) as (figure, (first, second, third)):
        for axes, number, title in ((first, ALONE, "alone"), (second, CROSSING, "its double passes")):
            insight, found = told[number]
            paper.heat(axes, region_of(number, insight), insight.scores, f"frame {number}: {title}")
            paper.box(axes, in_region(found.boxes[0], insight), paper.GREEN)
        frames = list(told)
        third.plot(frames, [float(found.scores[0]) for _, found in told.values()], color=paper.BLUE)
        third.axhline(limit[0], color=paper.RED, lw=1, ls="--", label=limit[1])
        hidden = [footage.clip()[number].visibility[0] < 0.5 for number in frames]
        third.fill_between(frames, 0, 1, where=hidden, color=paper.FAINT, lw=0, label="behind the tree")
        third.set_ylim(0, 1)
        third.legend(loc="upper right")
        paper.chart(third, label_of_scores, "frame", "score")
    return figure


def nano_learning() -> Figure:
    """How dimp_nano's filters are learned, and what they still do wrong later."""
    coarse, fine = first_frame_losses()
    told = story("dimp_nano")
    frames = list(told)
    last = told[frames[-1]][0].weights
    with paper.panels(1, 1.2, 1.2) as (figure, (first, second, third)):
        for losses, name, color in ((coarse, "coarse", paper.RED), (fine, "fine", paper.TEAL)):
            first.plot(losses, "o-", color=color, ms=3, label=name)
        first.legend()
        paper.chart(first, "first frame", "step", "loss", logarithmic=True)
        second.plot(frames, [insight.loss for insight, _ in told.values()], color=paper.RED)
        paper.chart(second, "coarse filter, on what it remembers", "frame", "loss")
        third.bar(range(len(last)), 100 * last, color=paper.BLUE)
        paper.chart(third, "sample weights at the end", "slot", "weight [%]")
    return figure
