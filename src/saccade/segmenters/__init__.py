"""Methods that follow objects pixel by pixel, a folder each."""
