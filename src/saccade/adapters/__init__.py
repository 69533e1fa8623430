"""saccade behind the interfaces of others: OpenCV's tracker, the toolkits of GOT-10k and VOT, supervision."""

from saccade.adapters import vot
from saccade.adapters.detections import from_supervision
from saccade.adapters.got10k_tracker import got10k
from saccade.adapters.opencv_tracker import OpenCVTracker, opencv

__all__ = ["OpenCVTracker", "from_supervision", "got10k", "opencv", "vot"]
