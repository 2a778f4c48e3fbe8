"""The admin portal at /admin/: what a clinic's admins and operations team see and do.

One package per room. How a page is built: portals/clinic/access.py (who may), portals/rendering.py (how it
is answered), templates/portals/clinic/page.html (what is around it), portals/templatetags/ui.py (its parts).
"""
