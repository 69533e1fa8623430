"""How the small network is trained: from openly licensed pictures alone, on whatever there is to train on."""

from saccade.data.samples.augment import Changes, Colors, Joint
from saccade.data.samples.canvas import TARGET
from saccade.data.samples.crop import Crop
from saccade.data.samples.jitter import Jitter
from saccade.data.samples.processing import Processing
from saccade.data.samples.sampling import Sampling
from saccade.trackers.nano.network import MEAN, STD
from saccade.trackers.nano.task import NanoTaskConfig
from saccade.training.recipe import Group, Optimisation, Part, TrackingRecipe

SIDE = 112
"""crop pixels; at this size of the target, three times as wide as it is"""
_JITTER = Jitter(centre=(1.4, 1.4), scale=0.12)


def dimp_nano() -> TrackingRecipe:
    """The small tracker, from nothing."""
    return TrackingRecipe(
        name="dimp_nano",
        summary="the small tracker, from nothing, on video made on the fly of openly licensed pictures",
        model="dimp_nano",
        task=NanoTaskConfig(),
        data=(
            Part(dataset="open_pool", split="stills", weight=0.25),
            Part(dataset="open_pool", split="scenes", weight=0.4),
            Part(dataset="open_pool", split="clips", weight=0.35),
        ),
        validation=(Part(dataset="open_pool", split="scenes"),),
        sampling=Sampling(policy="interval", num_train=1, num_test=1, max_gap=12),
        processing=Processing(
            crop=Crop(size_wh=(SIDE, SIDE), area=SIDE / TARGET, mode="centred"),
            train_jitter=_JITTER,
            test_jitter=_JITTER,
            joint=Joint(grayscale=0.0),
            changes=Changes(),
            colors=Colors(white=255.0, mean=(MEAN, MEAN, MEAN), std=(STD, STD, STD)),
        ),
        optimisation=Optimisation(
            groups=(Group(path="", lr=3e-3),),
            method="adamw",
            weight_decay=1e-2,
            schedule="cosine",
            gamma=0.02,
            warmup=50,
            clip=5.0,
        ),
        epochs=45,
        samples=1_600,
        batch=16,
        validation_samples=320,
        ema=0.998,
    )
