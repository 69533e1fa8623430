"""The classes of the data sets that published detectors know."""

COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase", "scissors",
    "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip
"""the 80 classes of COCO 2017, in the order of their numbers there, which have gaps"""
_GAPS = (12, 26, 29, 30, 45, 66, 68, 69, 71, 83)
COCO_NUMBERS = tuple(number for number in range(1, 91) if number not in _GAPS)
"""their numbers there; those between belong to classes that are in no picture"""
VOC = (
    "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip
"""the 20 classes of PASCAL VOC, in alphabetical order"""


def category_ids(classes: tuple[str, ...]) -> tuple[int, ...]:
    """The number of each class in COCO files: COCO's own for its classes, else counted from 1."""
    return COCO_NUMBERS if classes == COCO else tuple(range(1, len(classes) + 1))
