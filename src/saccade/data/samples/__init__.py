"""Training samples: which frames, how they are cropped and changed, and what a network should answer."""
