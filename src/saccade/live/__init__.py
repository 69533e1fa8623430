"""The web application: draw a box on a camera or a clip, and watch it being followed."""
