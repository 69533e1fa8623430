"""Runs OpenCV's trackers; called as a program by the bench, in a virtual environment that has opencv-contrib.

Each line of the standard input asks for one run, and is answered with one line, both JSON:

    {"tracker": "csrt", "frames": "clip.npy", "order": [0, 1, …], "box": [x, y, w, h]}
    {"boxes": [[x, y, w, h], …], "seconds": [s, …]}        of the frames after the first

The frames are uint8 RGB (F, H, W, 3).
"""

import json
import sys
import time

import cv2
import numpy as np

TRACKERS = {"csrt": cv2.TrackerCSRT_create, "kcf": cv2.TrackerKCF_create}


def play(tracker, frames, order, box):
    """Boxes and seconds of every update; a tracker that finds nothing stays where it was."""
    # the order of the channels is turned beforehand, so that the clock runs for the tracker alone
    clip = [np.ascontiguousarray(frames[index][:, :, ::-1]) for index in order]
    running = TRACKERS[tracker]()
    running.init(clip[0], tuple(round(value) for value in box))
    boxes, seconds = [], []
    for image in clip[1:]:
        start = time.perf_counter()
        found, answer = running.update(image)
        seconds.append(time.perf_counter() - start)
        box = [float(value) for value in answer] if found else box
        boxes.append(box)
    return {"boxes": boxes, "seconds": seconds}


def main():
    """Answers until the input ends."""
    cv2.setNumThreads(int(sys.argv[1]))
    for line in sys.stdin:
        task = json.loads(line)
        frames = np.load(task.pop("frames"), mmap_mode="r")
        print(json.dumps(play(frames=frames, **task)), flush=True)


if __name__ == "__main__":
    main()
