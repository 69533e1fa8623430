"""What a camera does to a scene: exposure, colour cast, blur, noise, and few pixels."""

import cv2
import numpy as np
from jaxtyping import UInt8

Image = UInt8[np.ndarray, "H W 3"]


def film(frames: list[Image], rng: np.random.Generator) -> list[Image]:
    """Frames as one camera might take them: what it is like is common to all, what befalls it is not."""
    is_gray = rng.random() < 0.2
    resolution = rng.uniform(0.25, 0.7) if rng.random() < 0.35 else 1.0
    gamma, gain = np.exp(rng.normal(0, 0.15)), np.exp(rng.normal(0, 0.12))
    taken = []
    for frame in frames:
        if is_gray:
            frame = cv2.cvtColor(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        if resolution < 1:
            small = cv2.resize(frame, None, fx=resolution, fy=resolution, interpolation=cv2.INTER_AREA)
            frame = cv2.resize(small, frame.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        frame = _expose(_blur(frame, rng), gamma, gain, is_gray, rng)
        taken.append(_add_noise(frame, rng) if rng.random() < 0.4 else frame)
    return taken


def _blur(frame: Image, rng: np.random.Generator) -> Image:
    """Motion blur, or a lens out of focus, or neither."""
    chance = rng.random()
    if chance < 0.12:
        return cv2.filter2D(frame, -1, _streak(int(rng.integers(3, 12)), rng.uniform(0, np.pi)))
    if chance < 0.25:
        return cv2.GaussianBlur(frame, (0, 0), rng.uniform(0.5, 1.6))
    return frame


def _streak(length: int, angle: float) -> np.ndarray:
    kernel = np.zeros((length, length), np.float32)
    along = np.array([np.cos(angle), np.sin(angle)]) * length / 2
    start, end = (np.round((length - 1) / 2 + sign * along).astype(int).tolist() for sign in (-1, 1))
    cv2.line(kernel, tuple(start), tuple(end), 1.0)
    return kernel / max(float(kernel.sum()), 1.0)


def _expose(frame: Image, gamma: float, gain: float, is_gray: bool, rng: np.random.Generator) -> Image:
    gain, lift = gain * np.exp(rng.normal(0, 0.12)), rng.normal(0, 8)
    curve = (np.arange(256) / 255) ** (gamma * np.exp(rng.normal(0, 0.06))) * 255
    cast = np.ones(3) if is_gray else np.exp(rng.normal(0, 0.04, 3))
    table = np.clip(curve[:, None] * gain * cast + lift, 0, 255).astype(np.uint8)
    return cv2.LUT(frame, table[None])


def _add_noise(frame: Image, rng: np.random.Generator) -> Image:
    noise = rng.normal(0, rng.uniform(1, 6), frame.shape).astype(np.float32)
    return np.clip(frame + noise, 0, 255).astype(np.uint8)
