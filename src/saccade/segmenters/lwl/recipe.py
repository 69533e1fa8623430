"""How LWL is trained: in two stages, and then for targets that are given by a box."""

from dataclasses import replace

from saccade.data.samples.augment import MASK_RCNN_COLORS, Affine, Changes, Joint
from saccade.data.samples.crop import Crop
from saccade.data.samples.jitter import Jitter
from saccade.data.samples.processing import Processing
from saccade.data.samples.sampling import Sampling
from saccade.segmenters.lwl.task import ENCODER_OF_BOXES, BoxTaskConfig, LWLTaskConfig
from saccade.training.recipe import Group, Optimisation, Part, TrackingRecipe
from saccade.training.standard import COCO, every

YOUTUBE_VOS = Part(dataset="youtubevos2019", split="jj_train")
BATCHES_OF_VALIDATION = 100


def lwl_stage1() -> TrackingRecipe:
    """LWL (Bhat et al. 2020) on a backbone that stays as Mask R-CNN learned it.

    The filter initialiser, which the original gives a rate, has nothing to learn: filters start from 0.
    """
    batch = 20
    return TrackingRecipe(
        name="lwl_stage1",
        summary="learner, encoder and decoder of LWL on the backbone of a Mask R-CNN, which stays",
        model="lwl",
        task=LWLTaskConfig(),
        data=(replace(YOUTUBE_VOS, weight=6.0), Part(dataset="davis2017", split="train")),
        validation=(Part(dataset="youtubevos2019", split="jj_val"),),
        sampling=Sampling(policy="ordered", num_train=1, num_test=3, max_gap=100, min_length=0),
        processing=Processing(
            crop=Crop(size_wh=(832, 480), mode="inside_major"),
            test_jitter=Jitter(centre=(5.5, 4.5), scale=0.5),
            joint=Joint(flip=0.5, apart=True),
            changes=Changes(affine=Affine(rotation=15.0, scale=0.2), brightness=0.2),
            colors=MASK_RCNN_COLORS,
            has_masks=True,
        ),
        optimisation=Optimisation(
            groups=(
                Group(path="target_model.filter_optimizer", lr=1e-4),
                Group(path="target_model.feature_extractor", lr=2e-5),
                Group(path="decoder", lr=1e-4),
                Group(path="label_encoder", lr=2e-4),
            ),
            milestones=(40,),
        ),
        epochs=70,
        samples=20_000,
        batch=batch,
        validation_samples=BATCHES_OF_VALIDATION * batch,
    )


def lwl_stage2() -> TrackingRecipe:
    """LWL with most of its backbone."""
    learned = ("target_model.filter_optimizer", "target_model.feature_extractor", "decoder", "label_encoder")
    backbone = tuple(f"feature_extractor.layer{stage}" for stage in (2, 3, 4))
    return replace(
        lwl_stage1(),
        name="lwl_stage2",
        summary="all of LWL but the first layers of its backbone, from stage 1",
        optimisation=Optimisation(
            groups=tuple(Group(path=path, lr=2e-5) for path in (*learned, *backbone)), milestones=(25, 75)
        ),
        epochs=80,
        start="lwl_stage1",
    )


def lwl_box() -> TrackingRecipe:
    """The encoder that lets LWL start from boxes, for a network that stays as stage 2 left it."""
    base, batch, epochs = lwl_stage1(), 8, 50
    return replace(
        base,
        name="lwl_box",
        summary="the encoder of boxes of LWL, from stage 2, which stays",
        model="lwl_box",
        task=BoxTaskConfig(),
        data=(YOUTUBE_VOS, COCO),
        sampling=replace(base.sampling, num_test=1),
        processing=replace(base.processing, changes=Changes(brightness=0.2)),
        optimisation=Optimisation(
            groups=(Group(path=ENCODER_OF_BOXES, lr=1e-3),), milestones=every(20, epochs)
        ),
        epochs=epochs,
        samples=8_000,
        batch=batch,
        validation_samples=BATCHES_OF_VALIDATION * batch,
        start="lwl_stage2",
    )
