"""What is asked of Shopify, in GraphQL. Both currencies of each amount are read, so the option `money` may change."""

from __future__ import annotations

from dataclasses import dataclass

VERSION = "2026-10"

# Most of each list that come with their record; the rest is asked for.
LINES, SHIPPINGS, REFUNDS, REFUND_LINES, ADJUSTMENTS, VARIANTS = 20, 3, 5, 20, 5, 10

MONEY = "{ shopMoney { amount } presentmentMoney { amount } }"

LINE = f"""id quantity isGiftCard sku product {{ id }} originalUnitPriceSet {MONEY}
  discountAllocations {{ allocatedAmountSet {MONEY} }} taxLines {{ priceSet {MONEY} }}"""
SHIPPING = f"id isRemoved discountedPriceSet {MONEY} taxLines {{ priceSet {MONEY} }}"
REFUND = f"id processedAt note totalRefundedSet {MONEY}"
REFUND_LINE = f"id quantity lineItem {{ id product {{ id }} }} subtotalSet {MONEY} totalTaxSet {MONEY}"
ADJUSTMENT = f"id reason amountSet {MONEY} taxAmountSet {MONEY}"
REFUND_SHIPPING = f"id subtotalAmountSet {MONEY} taxAmountSet {MONEY}"

ORDER = f"""id name createdAt processedAt updatedAt cancelledAt test displayFinancialStatus displayFulfillmentStatus
  edited email currencyCode presentmentCurrencyCode taxesIncluded sourceName discountCodes
  customer {{ id }} customAttributes {{ key value }} attribution {{ handle }} retailLocation {{ id }}
  totalPriceSet {MONEY} totalRefundedSet {MONEY}
  originalTotalDutiesSet {MONEY} originalTotalAdditionalFeesSet {MONEY}"""
CHECKOUT = f"""id createdAt updatedAt completedAt customer {{ id }} customAttributes {{ key value }} taxesIncluded
  subtotalPriceSet {{ shopMoney {{ amount currencyCode }} presentmentMoney {{ amount currencyCode }} }}
  totalPriceSet {MONEY}"""
PRODUCT = """id title handle productType vendor status isGiftCard createdAt updatedAt
  category { name fullName } priceRangeV2 { minVariantPrice { amount currencyCode } }"""
VARIANT = "id position price inventoryItem { unitCost { amount currencyCode } }"
CUSTOMER = """id createdAt updatedAt firstName lastName defaultEmailAddress { emailAddress }
  defaultPhoneNumber { phoneNumber } defaultAddress { countryCodeV2 }"""


@dataclass(frozen=True)
class Child:
    """A connection of a record.

    Attributes:
        name: field of the record.
        gid: name of its nodes' type, which their ids carry.
        fields: of a node.
        first: how many come with the record.
    """

    name: str
    gid: str
    fields: str
    first: int


@dataclass(frozen=True)
class Kind:
    """A kind of record.

    Attributes:
        root: field of the query.
        gid: name of its type, which its ids carry.
        fields: of a record, its connections left out.
        children: its connections.
        refunds: whether it has refunds, which are a list with connections of their own.
        sort: key by which pages are sorted.
        page: records of a page.
    """

    root: str
    gid: str
    fields: str
    children: tuple[Child, ...] = ()
    refunds: bool = False
    sort: str = "UPDATED_AT"
    page: int = 250

    @property
    def operation(self) -> str:
        """Name of the query."""
        return f"{self.root[0].upper()}{self.root[1:]}"


OF_REFUND = (
    Child("refundLineItems", "RefundLineItem", REFUND_LINE, REFUND_LINES),
    Child("orderAdjustments", "OrderAdjustment", ADJUSTMENT, ADJUSTMENTS),
    Child("refundShippingLines", "RefundShippingLine", REFUND_SHIPPING, SHIPPINGS),
)
OF_ORDER = (
    Child("lineItems", "LineItem", LINE, LINES),
    Child("shippingLines", "ShippingLine", SHIPPING, SHIPPINGS),
)
OF_CHECKOUT = (Child("lineItems", "AbandonedCheckoutLineItem", "id quantity", LINES),)
OF_PRODUCT = (Child("variants", "ProductVariant", VARIANT, VARIANTS),)
ORDERS = Kind("orders", "Order", ORDER, OF_ORDER, refunds=True)
CHECKOUTS = Kind("abandonedCheckouts", "AbandonedCheckout", CHECKOUT, OF_CHECKOUT, sort="CREATED_AT")
PRODUCTS = Kind("products", "Product", PRODUCT, OF_PRODUCT)


def customers(loyalty_metafield: str | None, birth_date_metafield: str | None) -> Kind:
    """Return customers with two metafields, each `namespace.key` or None."""
    wanted = {"loyalty": loyalty_metafield, "birthDate": birth_date_metafield}
    fields = "".join(f" {name}: {_metafield(place)} {{ value }}" for name, place in wanted.items() if place)
    return Kind("customers", "Customer", CUSTOMER + fields)


def _metafield(place: str) -> str:
    namespace, _, key = place.rpartition(".")
    return f'metafield(namespace: "{namespace}", key: "{key}")'


def connection(name: str, fields: str, arguments: str) -> str:
    """Return a connection read page by page."""
    return f"{name}({arguments}) {{ nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }}"


def refund_fields() -> str:
    """Return a refund's fields with its connections."""
    return " ".join([REFUND, *(connection(one.name, one.fields, f"first: {one.first}") for one in OF_REFUND)])


def page_of(kind: Kind) -> str:
    """Return the query of a page: variables `first`, `after`, `query`."""
    nested = [connection(one.name, one.fields, f"first: {one.first}") for one in kind.children]
    if kind.refunds:
        nested.append(f"refunds(first: {REFUNDS}) {{ {refund_fields()} }}")
    asked = f"first: $first, after: $after, query: $query, sortKey: {kind.sort}"
    body = connection(kind.root, " ".join([kind.fields, *nested]), asked)
    return f"query {kind.operation}($first: Int!, $after: String, $query: String) {{ {body} }}"


def count_of(kind: Kind) -> str:
    """Return the query that counts, at most `limit`: variables `query`, `limit`."""
    body = f"{kind.root}Count(query: $query, limit: $limit) {{ count precision }}"
    return f"query {kind.operation}Count($query: String, $limit: Int) {{ {body} }}"


def bulk_of(kind: Kind, query: str) -> str:
    """Return the document of a bulk operation.

    Bulk operations refuse connections within lists, so refunds come without theirs.
    """
    nested = [f"{one.name} {{ edges {{ node {{ {one.fields} }} }} }}" for one in kind.children]
    if kind.refunds:
        nested.append(f"refunds {{ {REFUND} }}")
    return f'{{ {kind.root}(query: "{query}") {{ edges {{ node {{ {" ".join([kind.fields, *nested])} }} }} }} }}'


def rest_of(parent: str, child: Child) -> str:
    """Return the query of the further pages of a record's connection: variables `id`, `after`."""
    body = connection(child.name, child.fields, "first: 100, after: $after")
    return f"query RestOf{parent}($id: ID!, $after: String) {{ node(id: $id) {{ ... on {parent} {{ id {body} }} }} }}"


# A refund by its id, in bulk: bulk operations give refunds without their lines.
REFUNDS_BY_ID = f"query Refunds($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Refund {{ {refund_fields()} }} }} }}"
REFUNDS_OF_ORDER = f"query RefundsOfOrder($id: ID!) {{ order(id: $id) {{ refunds {{ {REFUND} }} }} }}"

EVENTS = """query Deletions($first: Int!, $after: String, $query: String) {
  events(first: $first, after: $after, query: $query, sortKey: CREATED_AT) {
    nodes { ... on BasicEvent { id action createdAt subjectId subjectType } } pageInfo { hasNextPage endCursor } } }"""
SCOPES = "query Scopes { currentAppInstallation { accessScopes { handle } } }"
SHOP = "query Shop { shop { name ianaTimezone currencyCode } }"
RUN_BULK = """mutation RunBulk($query: String!) { bulkOperationRunQuery(query: $query) {
  bulkOperation { id status } userErrors { code field message } } }"""
BULK = "query Bulk($id: ID!) { bulkOperation(id: $id) { id status errorCode objectCount fileSize url } }"
