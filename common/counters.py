"""What happens and leaves no row, counted for `/metrics`; labels are words of ours, never of a person."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter(
    "rxscale_http_requests", "Answers given, by route.", ["route", "method", "status"]
)
REQUEST_SECONDS = Histogram(
    "rxscale_http_request_seconds",
    "How long an answer took, by route.",
    ["route"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
CONFLICTS = Counter(
    "rxscale_conflicts", "What the state of things forbade, by the contract's code.", ["code"]
)
TRANSACTION_RETRIES = Counter(
    "rxscale_transaction_retries", "Transactions run again, by PostgreSQL's code.", ["sqlstate"]
)
TOKENS_REFUSED = Counter(
    "rxscale_booking_tokens_refused", "Booking tokens that were not accepted.", ["reason"]
)
API_KEYS_REFUSED = Counter("rxscale_api_keys_refused", "API keys that are unknown or revoked.")
