"""Random networks whose answers differ from picture to picture, as those of trained ones do."""

import torch
from torch import nn
from torchvision.models.resnet import Bottleneck


@torch.no_grad()
def liven(network: nn.Module, seed: int = 0) -> nn.Module:
    """Spreads the values in a network that torchvision has made nearly constant; returns it."""
    generator = torch.Generator().manual_seed(seed)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_(0, 0.1, generator=generator)
            part.running_var.uniform_(0.5, 1.5, generator=generator)
        elif isinstance(part, nn.Conv2d) and part.weight.std() < 0.05:
            fan = part.weight[0].numel()
            part.weight.normal_(0, (2 / fan) ** 0.5, generator=generator)
        elif isinstance(part, nn.Linear):
            part.weight.mul_(4)
    for part in network.modules():
        if isinstance(part, Bottleneck):
            # or else every block adds as much as there was
            part.bn3.weight.fill_(0.2)
    return network
