from django.apps import AppConfig


class BookingSecretsConfig(AppConfig):
    name = "booking_secrets"
