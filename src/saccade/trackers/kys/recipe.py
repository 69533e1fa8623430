"""How KYS is trained."""

from dataclasses import replace

from saccade.data.samples.crop import Crop
from saccade.data.samples.jitter import Jitter
from saccade.data.samples.processing import Processing
from saccade.data.samples.sampling import Sampling
from saccade.data.samples.targets import Labels
from saccade.trackers.kys.task import KYSTaskConfig
from saccade.training.recipe import Group, Optimisation, TrackingRecipe
from saccade.training.standard import GOT10K, GOT10K_VALIDATION, LASOT, every, trackingnet

EPOCHS = 40


def kys() -> TrackingRecipe:
    """KYS (Bhat et al. 2020): the response predictor, over 50 frames at a time, on top of DiMP-50."""
    return TrackingRecipe(
        name="kys",
        summary="the response predictor of KYS on top of dimp50, which stays",
        model="kys",
        task=KYSTaskConfig(),
        data=(
            replace(GOT10K, weight=0.3),
            *trackingnet(0, 1, 2, 3, 4, weight=0.3),
            replace(LASOT, weight=0.25),
        ),
        validation=(GOT10K_VALIDATION,),
        sampling=Sampling(policy="occlusion", num_train=3, num_test=50, max_gap=30, min_fraction=0.5),
        processing=Processing(
            crop=Crop(mode="centred"),
            train_jitter=Jitter(centre=(3.0, 3.0), scale=0.25, min_inside=0.1),
            test_jitter=Jitter(centre=(4.5, 4.5), scale=0.3, min_inside=0.1, max_motion=2.5),
            labels=Labels(),
        ),
        optimisation=Optimisation(groups=(Group(path="predictor", lr=1e-2),), milestones=every(15, EPOCHS)),
        epochs=EPOCHS,
        samples=1_500,
        batch=10,
        validation_samples=1_000,
        start="dimp50",
    )
