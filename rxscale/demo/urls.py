"""The demo's own pages. They are routes only where DEMO_DOORS says so (rxscale/urls.py)."""

from django.urls import path

from . import doors, outbox_pages, partners, receiver, shop_pages

app_name = "demo"
urlpatterns = [
    path("", doors.front, name="doors"),
    path("demo/enter/<slug:door>", doors.enter, name="enter"),
    path("demo/shop/", shop_pages.storefront, name="shop"),
    path("demo/shop/book", shop_pages.book, name="shop-book"),
    path("demo/shop/webhooks/<slug:name>", receiver.receive, name="shop-webhooks"),
    path("demo/shop/<slug:what>", shop_pages.legal, name="shop-legal"),
    path("demo/partners/<slug:name>", partners.receive, name="partners"),
    path("demo/outbox/", outbox_pages.messages, name="outbox"),
    path("demo/outbox/<slug:uid>/", outbox_pages.message, name="outbox-message"),
    path("demo/outbox/<slug:uid>/html", outbox_pages.html, name="outbox-html"),
    path(
        "demo/outbox/<slug:uid>/files/<int:number>",
        outbox_pages.attachment,
        name="outbox-attachment",
    ),
]
