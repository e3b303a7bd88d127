"""Addresses of the shop: basket, checkout, orders."""

from django.urls import path

from commerce.views import basket, checkout, orders, payments, sandbox

app_name = "commerce"
urlpatterns = [
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket_add"),
    path("basket/update/", basket.update, name="basket_update"),
    path("basket/remove/", basket.remove, name="basket_remove"),
    path("basket/code/", basket.enter_code, name="code_enter"),
    path("basket/code/remove/", basket.remove_code, name="code_remove"),
    path("basket/summary/", basket.summary, name="basket_summary"),
    path("checkout/", checkout.address, name="checkout"),
    path("checkout/delivery/", checkout.delivery, name="checkout_delivery"),
    path("checkout/review/", checkout.review, name="checkout_review"),
    path("checkout/done/<str:token>/", orders.done, name="order_done"),
    path("checkout/pay/<str:token>/", payments.pay, name="pay"),
    path("checkout/pay/<str:token>/leave/<slug:method>/", payments.leave, name="pay_leave"),
    path("checkout/pay/<str:token>/return/", payments.come_back, name="pay_return"),
    path("checkout/sandbox/<str:reference>/", sandbox.page, name="sandbox"),
    path("webhooks/<slug:method>/", payments.webhook, name="webhook"),
    path("orders/<str:token>/invoice/", orders.invoice, name="invoice"),
    path("orders/<str:token>/invoice.pdf", orders.invoice_pdf, name="invoice_pdf"),
    path("orders/cancel/<str:key>/", orders.cancel_pre_orders, name="cancel_pre_orders"),
    path("account/orders/", orders.index, name="orders"),
    path("account/orders/<str:number>/", orders.detail, name="order"),
]
