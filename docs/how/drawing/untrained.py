"""Pictures of ATOM, DiMP, PrDiMP and SuperDiMP, whose published weights are not needed for what they show.

Their backbones are untrained: random convolutions of the clip's pixels. What is learned online is learned of
these as it would be of others; only what is learned offline is missing, and no picture pretends otherwise.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

import saccade
from docs.how.drawing import footage, paper
from docs.how.drawing.footage import START
from docs.how.drawing.shipped import region_of
from saccade.core import Stopwatch
from saccade.nets.dimp import LearnedLoss
from saccade.nets.dimp.learned_loss import LearnedLossOptimizer
from saccade.online.dimp_model import LABEL_SIGMA
from saccade.online.refinement import BoxRefinement, ascend, propose
from saccade.online.target_model import STRIDE
from saccade.ops.activations import CELU
from saccade.ops.distance import radial_profiles
from saccade.ops.labels import gaussian_density, gaussian_label
from saccade.solvers.conjugate_gradient import ConjugateGradient, fletcher_reeves
from saccade.solvers.gauss_newton import GaussNewton
from saccade.trackers.atom import ATOM
from saccade.trackers.atom.least_squares import JointProblem, ScoreFit, uncompressed
from saccade.trackers.dimp import PRDIMP50, SUPER_DIMP, SUPER_DIMP_SIMPLE

_INNER = tuple(range(0, ATOM.target_model.inner_steps + 1, 2))
"""conjugate gradient steps after which ATOM's loss is drawn"""
ROW = torch.zeros(1, dtype=torch.long)
"""the one target"""


class Overhearing:
    """A target model that remembers from what it was told to learn."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.features = torch.empty(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def learn(self, features: Tensor, boxes: Tensor, generator: torch.Generator) -> Any:
        """What the model makes of it."""
        self.features = features
        return self._model.learn(features, boxes, generator)


def begun(name: str, **settings: Any) -> tuple[Any, Any, Float[Tensor, "T C h w"]]:
    """A tracker with an untrained network, what it learned of its first frame, and from which features."""
    tracker = saccade.load(name, weights=None, device="cpu", precision="float32", settings=settings).tracker
    object.__setattr__(tracker, "model", Overhearing(tracker.model))
    with torch.inference_mode():
        state = tracker.begin(footage.frame(START), footage.target(START), [footage.seeded()], Stopwatch())
    return tracker, state, tracker.model.features


def atom_learning() -> Figure:
    """The label, the joint problem of filter and projection while it is solved, and the scores afterwards."""
    tracker, state, features = begun("atom")
    label, losses = _atom_course(state.model, features)
    number = START + 1
    (insight,) = tracker.inspect(footage.frame(number), state)
    with paper.panels(1, 1.7, 1) as (figure, (first, second, third)):
        paper.picture(first, label, "label of the first sample")
        for step, course in enumerate(losses):
            at = [step * _INNER[-1] + inner for inner in _INNER]
            second.plot(at, course, "o-", ms=2.5, color=(paper.RED, paper.ORANGE)[step % 2])
        paper.chart(
            second, "Gauss-Newton, a colour a step", "conjugate gradient step", "loss", logarithmic=True
        )
        paper.heat(third, region_of(number, insight), insight.scores, "scores in the next frame")
    return figure


def _atom_course(
    model: Any, features: Float[Tensor, "T C h w"]
) -> tuple[Float[Tensor, "h w"], list[list[float]]]:
    """The first label; the losses within each Gauss-Newton step on the first frame."""
    config, (count, raw, height, width) = ATOM.target_model, features.shape
    centres = model.samples.places[:, :count]
    labels = gaussian_label((width, height), model.label_sigma[:, None, None].expand_as(centres), centres)
    shares = torch.full((1, count), 1 / count)
    fit = ScoreFit(features[None], labels, shares, CELU(config.lowest_score))
    problem = JointProblem(fit, config.filter_reg, config.projection_reg)
    generator, taps = footage.seeded(), config.filter_size
    projection = torch.empty(1, config.channels, raw, dtype=torch.float64)
    filters = torch.empty(1, config.channels, taps, taps, dtype=torch.float64)
    x = (
        filters.normal_(0, 1 / filters.numel(), generator=generator),
        projection.normal_(0, raw**-0.5, generator=generator),
    )

    def loss(x: tuple[Tensor, ...]) -> float:
        squares = [fit.linearise(uncompressed(*x)).residual, *x]
        weights = (1.0, config.filter_reg, config.projection_reg)
        return sum(w * float(part.square().sum()) for w, part in zip(weights, squares, strict=True))

    solver, courses = GaussNewton(ConjugateGradient(fletcher_reeves)), []
    for _ in range(ATOM.learning.first_steps):
        tries = [solver.step(problem, x, inner_steps=inner) for inner in _INNER]
        courses.append([loss(tried) for tried in tries])
        x = tries[-1]
    return labels[0, 0], courses


def atom_boxes() -> Figure:
    """Proposals that climb the overlap with the true box, in place of the one that an IoU-Net predicts."""
    truth = torch.tensor([96.0, 70.0, 90.0, 120.0])
    start = torch.tensor([[82.0, 84.0, 110.0, 100.0]])

    def overlap(boxes: Float[Tensor, "N P 4"]) -> tuple[Tensor, Tensor]:
        x = boxes.detach().requires_grad_()
        low, high = (
            torch.maximum(x[..., :2], truth[:2]),
            torch.minimum(x[..., :2] + x[..., 2:], truth[:2] + truth[2:]),
        )
        shared = (high - low).clamp(min=0).prod(-1)
        scores = 2 * shared / (x[..., 2:].prod(-1) + truth[2:].prod() - shared) - 1
        (gradient,) = torch.autograd.grad(scores.sum(), x)
        return scores.detach(), gradient

    return _climb(overlap, start, truth, ATOM.refinement, "predicted $2\\,$IoU$\\,-1$", 40)


def _climb(
    score: Callable[[Tensor], tuple[Tensor, Tensor]],
    start: Float[Tensor, "1 4"],
    truth: Float[Tensor, "4"],
    config: BoxRefinement,
    label: str,
    most: int,
) -> Figure:
    """Where proposals are before and behind the steps of `config`, and their scores for longer than that."""
    draws = torch.rand(1, config.random_proposals, 4, generator=footage.seeded(3))
    before = propose(start, draws, config)
    behind, _ = ascend(score, before, config)
    heard: list[Tensor] = []

    def overheard(boxes: Tensor) -> tuple[Tensor, Tensor]:
        found = score(boxes)
        heard.append(found[0][0])
        return found

    ascend(overheard, before, replace(config, steps=most))
    with paper.panels(1, 1, 1.6) as (figure, (first, second, third)):
        for axes, boxes, title in (
            (first, before[0], "proposals"),
            (second, behind[0], f"after {config.steps} steps"),
        ):
            _boxes(axes, boxes, truth, title)
        third.plot(torch.stack(heard), lw=1.2)
        third.axvline(config.steps, color=paper.INK, ls="--", lw=1)
        paper.chart(third, "each proposal's score", "step", label)
    return figure


def _boxes(axes: Axes, boxes: Float[Tensor, "P 4"], truth: Float[Tensor, "4"], title: str) -> None:
    for row in boxes.tolist():
        paper.box(axes, (row[0], row[1], row[0] + row[2], row[1] + row[3]), paper.ORANGE, width=1.0)
    x, y, w, h = truth.tolist()
    paper.box(axes, (x, y, x + w, y + h), paper.GREEN, width=2.4)
    axes.set_xlim(40, 240)
    axes.set_ylim(240, 40)
    axes.set_aspect("equal")
    paper.bare(axes, title)


def dimp_learning() -> Figure:
    """DiMP's loss before it is trained, and its filter while it is learned on the first frame."""
    distances = torch.linspace(0, 5, 200)
    label, mask, weight = _profiles(LearnedLoss(), distances)
    losses, maps, number = _course("dimp18", (0, 1, 10))
    with paper.panels(1.3, 1.3, 1, 1, 1) as (figure, (first, second, *others)):
        for name, line in (("label $y$", label), ("mask $m$", mask), ("weight $v$", weight)):
            first.plot(distances, line, label=name)
        first.legend(loc="center right")
        paper.chart(first, "before training", "distance [cells]", "")
        second.plot(losses, "o-", ms=3, color=paper.RED)
        paper.chart(second, "steepest descent", "step", "loss", logarithmic=True)
        for axes, (steps, insight) in zip(others, maps.items(), strict=True):
            paper.heat(axes, region_of(number, insight), insight.scores, f"scores, {steps} steps")
    return figure


def _profiles(config: LearnedLoss, distances: Float[Tensor, " n"]) -> tuple[Tensor, Tensor, Tensor]:
    """Label, mask and weight of DiMP's loss at some distances from the target, before training."""
    optimizer = LearnedLossOptimizer(config)
    parts = (
        "label_map_predictor.weight",
        "target_mask_predictor.0.weight",
        "spatial_weight_predictor.weight",
    )
    values = torch.cat([optimizer.get_parameter(part).detach().flatten(1) for part in parts])
    label, mask, weight = radial_profiles(distances, values, config.bin_width)
    return label, mask.sigmoid(), weight


def _course(name: str, shown: tuple[int, ...]) -> tuple[list[float], dict[int, Any], int]:
    """The losses of a filter after each step on the first frame; what it sees in the next one after some.

    Returns:
        losses, insights by steps, and the frame that they are of.
    """
    tracker, state, _ = begun(name, **{"learning.first_steps": 0})
    number, losses, seen = START + 1, [], {}
    with torch.inference_mode():
        for step in range(max(shown) + 1):
            losses.append(float(tracker.model.loss(state.model)))
            if step in shown:
                (seen[step],) = tracker.inspect(footage.frame(number), state)
            tracker.model.improve(state.model, ROW, steps=1)
    return losses, seen, number


def prdimp_density() -> Figure:
    """The density that PrDiMP's score map should be, and what becomes of it step by step."""
    losses, maps, _ = _course("prdimp18", (0, 1, 10))
    loss = PRDIMP50.network.classifier.optimizer
    density = gaussian_density((19, 19), loss.label_sigma, torch.tensor([9.0, 9.0]), normalises=True)
    with paper.panels(1, 1, 1, 1, 1.4) as (figure, (first, *others, last)):
        paper.picture(first, density, f"density $p$\nhighest {density.max():.3f}")
        for axes, (steps, insight) in zip(others, maps.items(), strict=True):
            highest = insight.scores.max()
            title = f"$q$, {steps} steps\nhighest {highest:.3f}"
            paper.picture(axes, insight.scores, title, vmin=0)
        last.plot(losses, "o-", ms=3, color=paper.RED)
        paper.chart(last, "Newton's step length", "step", "loss")
    return figure


def prdimp_boxes() -> Figure:
    """Proposals that climb the density of boxes that PrDiMP's training aims at."""
    config, sigma = PRDIMP50.refinement, 0.05
    truth = torch.tensor([96.0, 70.0, 90.0, 120.0])
    start = torch.tensor([[82.0, 84.0, 110.0, 100.0]])

    def log_density(boxes: Float[Tensor, "N P 4"]) -> tuple[Tensor, Tensor]:
        x = boxes.detach().requires_grad_()
        centres, size = x[..., :2] + x[..., 2:] / 2, x[..., 2:]
        offsets = torch.cat([(centres - truth[:2] - truth[2:] / 2) / truth[2:], (size / truth[2:]).log()], -1)
        scores = -0.5 * (offsets / sigma).square().sum(-1)
        (gradient,) = torch.autograd.grad(scores.sum(), x)
        return scores.detach(), gradient

    return _climb(log_density, start, truth, config, "$\\log p$ + constant", 12)


def superdimp_regions() -> Figure:
    """What DiMP-50 and SuperDiMP look at, of a target that is large in its frame."""
    number = footage.LENGTH - 1
    frame, (x, y, w, h) = footage.frame(number), footage.target(number)[0].tolist()
    centre, size = torch.tensor([[x + w / 2, y + h / 2]]), torch.tensor([w, h])
    with paper.panels(1.55, 1, 1, height=3.1) as (figure, (first, *others)):
        paper.picture(first, frame.image, "search regions in the frame")
        first.set_xlim(-100, 740)
        first.set_ylim(510, -150)
        looks = (("dimp50", paper.ORANGE), ("super_dimp", paper.BLUE))
        for axes, (name, color) in zip(others, looks, strict=True):
            search = saccade.load(name, weights=None, device="cpu").config.search
            view, crops = search.look(frame, centre, search.scale(size)[None])
            extent = torch.tensor(view.size_wh) * view.scale[0, 0]
            low = view.centre[0, 0] - extent / 2
            paper.box(first, (*low.tolist(), *(low + extent).tolist()), color, width=2.4)
            picture = crops[0, 0].permute(1, 2, 0).byte().numpy()
            paper.picture(axes, picture, f"{name}: {search.side} px, area {search.area:g}")
    return figure


def superdimp_labels() -> Figure:
    """What SuperDiMP's two filter optimisers wish for before training, and the simple one's loss."""
    learned, simple = (preset.network.classifier.optimizer for preset in (SUPER_DIMP, SUPER_DIMP_SIMPLE))
    distances = torch.linspace(0, 6, 240)
    search = SUPER_DIMP.search
    sigma = search.side / search.area / STRIDE * LABEL_SIGMA
    label = torch.exp(-0.5 * (distances / sigma) ** 2)
    mask = ((label > simple.hinge_threshold) + simple.leak).clamp(max=1)
    _, first_mask, _ = _profiles(learned, distances)
    losses, _, _ = _course("super_dimp_simple", (10,))
    with paper.panels(1, 1, 1) as (figure, (first, second, third)):
        first.plot(distances, torch.exp(-0.5 * (distances / learned.initial_sigma) ** 2), label="super_dimp")
        first.plot(distances, mask * label, "--", label="super_dimp_simple")
        paper.chart(first, "label", "distance [cells]", "")
        second.plot(distances, first_mask, label="super_dimp")
        second.plot(distances, mask, "--", label="super_dimp_simple")
        second.legend()
        paper.chart(second, "mask", "distance [cells]", "")
        third.plot(losses, "o-", ms=3, color=paper.RED)
        paper.chart(third, "super_dimp_simple, first frame", "step", "loss")
    return figure
