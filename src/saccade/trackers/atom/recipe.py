"""How ATOM's box head is trained; each recipe names what it changes."""

from dataclasses import replace

from saccade.data.samples.crop import Crop
from saccade.data.samples.jitter import Jitter
from saccade.data.samples.processing import Processing
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals
from saccade.data.samples.sampling import Sampling
from saccade.trackers.atom.task import ATOMTaskConfig
from saccade.training.box_head import BoxLoss
from saccade.training.recipe import Group, Optimisation, TrackingRecipe
from saccade.training.standard import COCO, GOT10K, GOT10K_VALIDATION, LASOT, every, trackingnet

EPOCHS = 50


def atom() -> TrackingRecipe:
    """ATOM as released (Danelljan et al. 2019)."""
    return TrackingRecipe(
        name="atom",
        summary="the box head of ATOM on an ImageNet backbone, which stays",
        model="atom",
        task=ATOMTaskConfig(),
        data=(LASOT, GOT10K, *trackingnet(0, 1, 2, 3), COCO),
        validation=(GOT10K_VALIDATION,),
        sampling=Sampling(policy="interval", num_train=1, num_test=1, max_gap=50),
        processing=Processing(
            crop=Crop(mode="centred"),
            train_jitter=Jitter(),
            proposals=PerturbedProposals(count=16),
        ),
        optimisation=Optimisation(
            groups=(Group(path="bb_regressor", lr=1e-3),), milestones=every(15, EPOCHS)
        ),
        epochs=EPOCHS,
        samples=64_000,
        batch=64,
        validation_samples=32_000,
    )


def atom_paper() -> TrackingRecipe:
    """ATOM as in the paper, which did without GOT-10k."""
    return replace(
        atom(),
        name="atom_paper",
        summary="atom on the data sets of the paper",
        data=(LASOT, *trackingnet(*range(11)), COCO),
        validation=trackingnet(11),
    )


def atom_gmm() -> TrackingRecipe:
    """ATOM with many proposals from a Gaussian mixture (Gustafsson et al. 2020, arXiv 2005.01698)."""
    base = atom()
    return replace(
        base,
        name="atom_gmm",
        summary="atom with 128 proposals a frame, from a Gaussian mixture",
        model="atom_gmm",
        sampling=replace(base.sampling, max_gap=200),
        processing=replace(
            base.processing, proposals=GaussianProposals(truth_sigma=(0.0, 0.0), judged_by="iou")
        ),
    )


def atom_prob_ml() -> TrackingRecipe:
    """ATOM that learns a density of boxes (Gustafsson et al. 2019, arXiv 1909.12297)."""
    base = atom_gmm()
    return replace(
        base,
        name="atom_prob_ml",
        summary="atom whose box head learns a density, by maximum likelihood",
        model="atom_prob_ml",
        task=ATOMTaskConfig(boxes=BoxLoss(target="likelihood")),
        processing=replace(
            base.processing, proposals=GaussianProposals(truth_sigma=(0.0, 0.0), has_mean=True)
        ),
    )
