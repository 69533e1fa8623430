"""What ATOM learns: to judge boxes. Its filter is learned online, from nothing."""

from dataclasses import dataclass

from torch import Tensor

from saccade.data.samples.sample import Sample
from saccade.trackers.atom.network import ATOMNet
from saccade.training.box_head import BoxLoss, score_proposals
from saccade.training.task import Task, in_float32


@dataclass(frozen=True, slots=True, kw_only=True)
class ATOMTaskConfig:
    """What is learned."""

    boxes: BoxLoss = BoxLoss()
    """what proposals should be scored with"""

    def build(self) -> "ATOMTask":
        """A task with a randomly initialised network."""
        return ATOMTask(self)


class ATOMTask(Task):
    """Scores the proposals of a test frame, for the target of a train frame.

    The backbone does not learn. Its batch norms normalise with the statistics of the batch all the same, and
    their stored ones follow: published weights came about so.
    """

    network: ATOMNet

    def __init__(self, config: ATOMTaskConfig) -> None:
        super().__init__(ATOMNet())
        self.config = config

    def forward(self, batch: Sample) -> dict[str, Tensor]:
        """See `Task`."""
        train = self.network.backbone_features(batch.train.images.flatten(0, 1))
        test = self.network.backbone_features(batch.test.images.flatten(0, 1))
        with in_float32(batch.test.images):
            scores = score_proposals(self.network.bb_regressor, train, test, batch.train, batch.test)
            boxes = self.config.boxes(scores, batch.test)
        loss = self.config.boxes.weight * boxes
        return {"loss": loss, "Loss/total": loss.detach(), **self.config.boxes.parts(boxes)}
