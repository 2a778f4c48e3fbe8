from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("settings/shops/", views.shops_list, name="shops"),
    path("settings/shops/<str:uid>/", views.shop_page, name="shop"),
]
