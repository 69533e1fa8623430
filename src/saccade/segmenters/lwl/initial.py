"""What convolutions start a training from."""

from torch import nn


def he_normal(module: nn.Module) -> None:
    """Makes the output of a convolution as large as its input behind a ReLU (He et al. 2015).

    No norm would do it for them: those of the decoder keep the statistics that they begin with.
    """
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
