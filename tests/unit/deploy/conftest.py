"""Small videos, as the tests of sources have them."""

from tests.unit.media.conftest import make_folder as make_folder
from tests.unit.media.conftest import make_video as make_video
