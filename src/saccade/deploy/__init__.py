"""Models at work: recording what one finds in a video, measuring how fast it is, and showing both."""
