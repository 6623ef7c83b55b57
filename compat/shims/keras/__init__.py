"""torchkeras_lite under Keras's name, for whoever has the folder above on `sys.path`; never installed as a package."""

import sys

from . import _views

_views.open_root(sys.modules[__name__])
__version__ = "3.15.1"
del sys
