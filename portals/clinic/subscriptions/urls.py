from django.urls import URLPattern, path

from . import acts, creating, deliveries, secret, views

_ROOT = "settings/notification-subscriptions/"
_ONE = f"{_ROOT}<str:uid>/"
_DELIVERY = f"{_ONE}deliveries/<str:delivery_uid>/"

urlpatterns: list[URLPattern] = [
    path(_ROOT, views.subscriptions, name="subscriptions"),
    path(f"{_ROOT}new/", creating.create, name="subscription-create"),
    path(_ONE, views.subscription, name="subscription"),
    path(f"{_ONE}secret/", secret.reveal, name="subscription-secret"),
    path(f"{_ONE}renew/", secret.renew, name="subscription-renew"),
    path(f"{_ONE}switch/", secret.switch, name="subscription-switch"),
    path(f"{_ONE}test/", acts.test, name="subscription-test"),
    path(f"{_ONE}disable/", acts.disable, name="subscription-disable"),
    path(f"{_ONE}enable/", acts.enable, name="subscription-enable"),
    path(f"{_ONE}delete/", acts.delete, name="subscription-delete"),
    path(_DELIVERY, deliveries.delivery, name="subscription-delivery"),
    path(f"{_DELIVERY}outcome/", deliveries.outcome, name="subscription-outcome"),
    path(f"{_DELIVERY}resend/", deliveries.resend, name="subscription-resend"),
]
