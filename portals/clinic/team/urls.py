from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("team/", views.team, name="team"),
    path("team/invite/", views.invite, name="team-invite"),
    path("team/<str:uid>/role/", views.change_role, name="team-role"),
    path("team/<str:uid>/remove/", views.remove, name="team-remove"),
    path("team/invitations/<str:uid>/send/", views.send_again, name="team-send-again"),
    path("team/invitations/<str:uid>/withdraw/", views.withdraw, name="team-withdraw"),
]
