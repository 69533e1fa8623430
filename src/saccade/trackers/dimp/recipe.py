"""How DiMP, PrDiMP and SuperDiMP are trained; each recipe names what it changes."""

from dataclasses import replace

from saccade.data.samples.augment import Changes, Joint
from saccade.data.samples.crop import Crop
from saccade.data.samples.jitter import Jitter
from saccade.data.samples.processing import Processing
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals
from saccade.data.samples.sampling import Sampling
from saccade.data.samples.targets import Density, Labels
from saccade.trackers.dimp.network import (
    DIMPNET18,
    DIMPNET50,
    PRDIMPNET18,
    PRDIMPNET50,
    SIMPLE_DIMPNET,
    SUPER_DIMPNET,
)
from saccade.trackers.dimp.task import DiMPTaskConfig, FilterLoss
from saccade.training.box_head import BoxLoss
from saccade.training.recipe import Group, Optimisation, TrackingRecipe
from saccade.training.standard import COCO, GOT10K, GOT10K_VALIDATION, LASOT, every, trackingnet

EPOCHS = 50
_FILTERS = (
    Group(path="classifier.filter_initializer", lr=5e-5),
    Group(path="classifier.filter_optimizer", lr=5e-4),
    Group(path="classifier.feature_extractor", lr=5e-5),
)
_STEPS = Optimisation(groups=(), milestones=every(15, EPOCHS))

_KL_TASK = DiMPTaskConfig(
    network=PRDIMPNET18,
    filters=FilterLoss(target="density", final_weight=0.25, initial_weight=0.25, between_weight=1.0),
    boxes=BoxLoss(target="density", weight=0.0025),
)
_SUPER_TASK = DiMPTaskConfig(
    network=SUPER_DIMPNET,
    boxes=BoxLoss(target="density", weight=0.01),
    stored_norms=tuple(f"feature_extractor.{part}" for part in ("conv1", "bn1", "layer1", "layer2")),
)


def dimp18() -> TrackingRecipe:
    """DiMP on ResNet-18 (Bhat et al. 2019)."""
    return TrackingRecipe(
        name="dimp18",
        summary="DiMP on ResNet-18, all of it, from an ImageNet backbone",
        model="dimp18",
        task=DiMPTaskConfig(network=DIMPNET18),
        data=(replace(LASOT, weight=0.25), GOT10K, *trackingnet(0, 1, 2, 3), COCO),
        validation=(GOT10K_VALIDATION,),
        sampling=Sampling(num_train=3, num_test=3, max_gap=30),
        processing=Processing(
            crop=Crop(mode="replicate"), proposals=PerturbedProposals(count=8), labels=Labels()
        ),
        optimisation=replace(
            _STEPS,
            groups=(
                *_FILTERS,
                Group(path="bb_regressor", lr=1e-3),
                Group(path="feature_extractor", lr=2e-4),
            ),
        ),
        epochs=EPOCHS,
        samples=26_000,
        batch=26,
        validation_samples=5_000,
    )


def dimp50() -> TrackingRecipe:
    """DiMP on ResNet-50."""
    base = dimp18()
    return replace(
        base,
        name="dimp50",
        summary="DiMP on ResNet-50, all of it, from an ImageNet backbone",
        model="dimp50",
        task=DiMPTaskConfig(network=DIMPNET50),
        optimisation=replace(
            _STEPS,
            groups=(
                *_FILTERS,
                Group(path="bb_regressor", lr=2e-4),
                Group(path="feature_extractor", lr=2e-5),
            ),
        ),
        batch=10,
    )


def prdimp18() -> TrackingRecipe:
    """PrDiMP on ResNet-18 (Danelljan et al. 2020)."""
    base = dimp18()
    return replace(
        base,
        name="prdimp18",
        summary="PrDiMP on ResNet-18, all of it, from an ImageNet backbone",
        model="prdimp18",
        task=_KL_TASK,
        sampling=replace(base.sampling, max_gap=200),
        processing=replace(base.processing, proposals=GaussianProposals(), density=Density()),
        optimisation=replace(
            _STEPS,
            groups=(
                Group(path="classifier", lr=1e-3),
                Group(path="bb_regressor", lr=1e-3),
                Group(path="feature_extractor", lr=2e-4),
            ),
        ),
    )


def prdimp50() -> TrackingRecipe:
    """PrDiMP on ResNet-50."""
    base = prdimp18()
    classifier, boxes, backbone = base.optimisation.groups
    return replace(
        base,
        name="prdimp50",
        summary="PrDiMP on ResNet-50, all of it, from an ImageNet backbone",
        model="prdimp50",
        task=replace(_KL_TASK, network=PRDIMPNET50),
        optimisation=replace(_STEPS, groups=(classifier, boxes, replace(backbone, lr=2e-5))),
        batch=10,
    )


def super_dimp() -> TrackingRecipe:
    """SuperDiMP: DiMP's filters and PrDiMP's boxes, on larger regions; half of the backbone stays."""
    return TrackingRecipe(
        name="super_dimp",
        summary="SuperDiMP, but for the first layers of its ImageNet backbone",
        model="super_dimp",
        task=_SUPER_TASK,
        data=(LASOT, GOT10K, *trackingnet(0, 1, 2, 3), COCO),
        validation=(GOT10K_VALIDATION,),
        sampling=Sampling(num_train=3, num_test=3, max_gap=200),
        processing=Processing(
            crop=Crop(size_wh=(352, 352), area=6.0, mode="inside_major", max_scale_change=1.5),
            test_jitter=Jitter(centre=(5.5, 5.5), scale=0.5),
            joint=Joint(flip=0.5),
            changes=Changes(brightness=0.2, flip=0.5),
            proposals=GaussianProposals(),
            labels=Labels(cells_wh=(22, 22), sigma=0.25 / 6),
        ),
        optimisation=replace(
            _STEPS,
            groups=(
                *_FILTERS,
                Group(path="bb_regressor", lr=1e-3),
                Group(path="feature_extractor.layer3", lr=2e-5),
            ),
        ),
        epochs=EPOCHS,
        samples=40_000,
        batch=20,
        validation_samples=10_000,
    )


def super_dimp_simple() -> TrackingRecipe:
    """SuperDiMP whose filter optimiser has almost nothing to learn (Mayer et al. 2021, KeepTrack)."""
    base = super_dimp()
    return replace(
        base,
        name="super_dimp_simple",
        summary="SuperDiMP with a filter optimiser that has almost nothing to learn",
        model="super_dimp_simple",
        task=replace(_SUPER_TASK, network=SIMPLE_DIMPNET, label_sigma=22 / 24),
    )
