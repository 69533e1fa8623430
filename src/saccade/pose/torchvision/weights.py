"""Weight files of Keypoint R-CNN: torchvision's published ones, those of its reference training, and ours."""

from dataclasses import replace

from saccade.core import WeightsError
from saccade.nets.torchvision import with_current_names
from saccade.pose.joints import check_joints
from saccade.pose.torchvision.config import KeypointRCNNNetworkConfig
from saccade.pose.torchvision.network import KeypointRCNNNetwork
from saccade.weights import Checkpoint, fill
from saccade.weights.recognition import looks_like

_HEATMAPS = "roi_heads.keypoint_predictor.kps_score_lowres.weight"


def read_weights(
    network: KeypointRCNNNetwork, checkpoint: Checkpoint, made: KeypointRCNNNetworkConfig
) -> None:
    """Gives a network the weights of a file, whatever version of torchvision wrote it.

    Raises:
        WeightsError: when the file is another network's, knows another number of key points, or is broken.
    """
    checkpoint = replace(checkpoint, tensors=dict(with_current_names(checkpoint.tensors)))
    heatmaps = checkpoint.tensors.get(_HEATMAPS)
    if heatmaps is None or heatmaps.ndim != 4:
        raise WeightsError(f"{checkpoint.path}: holds no Keypoint R-CNN; the file {looks_like(checkpoint)}")
    check_joints(checkpoint, heatmaps.shape[1], made.skeleton)
    fill(network, checkpoint)
