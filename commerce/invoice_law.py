"""What the law of the shop's country wants named on an invoice, and which of it is missing in the settings.

Sources: GB: VAT Regulations 1995, reg. 14, and Companies (Trading Disclosures) Regulations 2008. FR: code de commerce
L441-9, CGI annexe II art. 242 nonies A, R123-237. DE: § 14 UStG, § 35a GmbHG, § 80 AktG. Elsewhere: Directive
2006/112/EC, art. 226. What is in every order (dates, prices, rates, numbers, the customer) is printed in any case.
"""

from __future__ import annotations

from commerce.models import SellerSettings

TAX_IDENTITY = ("vat_number", "tax_number", "small_business_note")

REQUIRED: dict[str, tuple[str | tuple[str, ...], ...]] = {
    "GB": ("name", "address", "register", "company_number", ("vat_number", "small_business_note")),
    "FR": (
        "name", "legal_form", "capital", "address", "register", "company_number",
        ("vat_number", "small_business_note"), "late_payment_terms",
    ),
    "DE": ("name", "legal_form", "address", "register", "company_number", "directors", TAX_IDENTITY),
}  # fmt: skip
"""By country: the names of settings. Of several together one is enough."""

ELSEWHERE: tuple[str | tuple[str, ...], ...] = ("name", "address", TAX_IDENTITY)

PAID_BY_TRANSFER = ("bank_account_name", ("iban", "account_number"))


def missing(seller: SellerSettings, country: str) -> list[str]:
    """What is still to be entered before documents are lawful, as the settings call it."""
    wanted = (*REQUIRED.get(country, ELSEWHERE), *PAID_BY_TRANSFER)
    groups = [(name,) if isinstance(name, str) else name for name in wanted]
    return [_label(group[0]) for group in groups if not any(_is_given(seller, name) for name in group)]


def _is_given(seller: SellerSettings, name: str) -> bool:
    """Filled in, and not with what a fresh shop has as an example."""
    value = getattr(seller, name)
    return bool(value) and value != SellerSettings._meta.get_field(name).get_default()


def _label(name: str) -> str:
    return str(SellerSettings._meta.get_field(name).verbose_name)
