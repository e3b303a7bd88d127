"""Addresses of the shop: basket, checkout, orders."""

from django.urls import path

from commerce.views import basket, checkout, orders, wishes

app_name = "commerce"
urlpatterns = [
    path("basket/", basket.show, name="basket"),
    path("basket/add/", basket.add, name="basket_add"),
    path("basket/update/", basket.update, name="basket_update"),
    path("basket/remove/", basket.remove, name="basket_remove"),
    path("basket/later/", basket.save_for_later, name="save_for_later"),
    path("basket/saved/", basket.saved, name="saved"),
    path("basket/code/", basket.enter_code, name="code_enter"),
    path("basket/code/remove/", basket.remove_code, name="code_remove"),
    path("basket/summary/", basket.summary, name="basket_summary"),
    path("checkout/", checkout.address, name="checkout"),
    path("checkout/delivery/", checkout.delivery, name="checkout_delivery"),
    path("checkout/review/", checkout.review, name="checkout_review"),
    path("checkout/done/<slug:token>/", orders.done, name="order_done"),
    path("orders/<slug:token>/invoice/", orders.invoice, name="invoice"),
    path("orders/<slug:token>/invoice.pdf", orders.invoice_pdf, name="invoice_pdf"),
    path("orders/cancel/<str:key>/", orders.cancel_pre_orders, name="cancel_pre_orders"),
    path("account/orders/", orders.index, name="orders"),
    path("account/orders/<slug:number>/", orders.detail, name="order"),
    path("account/wish-lists/", wishes.index, name="wish_lists"),
    path("account/wish-lists/new/", wishes.new, name="wish_list_new"),
    path("account/wish-lists/add/", wishes.add, name="wish_add"),
    path("account/wish-lists/<int:pk>/", wishes.show, name="wish_list"),
    path("account/wish-lists/<int:pk>/change/", wishes.change, name="wish_list_change"),
    path("account/wish-lists/<int:pk>/renew/", wishes.renew, name="wish_list_renew"),
    path("account/wish-lists/<int:pk>/delete/", wishes.delete, name="wish_list_delete"),
    path("account/wishes/<int:pk>/", wishes.wish, name="wish"),
    path("wish-lists/<slug:token>/", wishes.read, name="wish_list_read"),
]
