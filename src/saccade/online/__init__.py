"""What learns or remembers while a video runs: the parts of online trackers, and the run around them."""
