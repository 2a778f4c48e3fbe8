"""Settings, Shops: read-only, for the RxScale team sets them up; and the choice of a shop in other forms."""
