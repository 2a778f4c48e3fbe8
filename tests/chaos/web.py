"""What gunicorn serves under the harness: the web as it is, with crash points."""

from rxscale.wsgi import application

from . import crash_points

crash_points.install(crash_points.WEB)
__all__ = ["application"]
