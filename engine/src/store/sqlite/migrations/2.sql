-- What became of an order is forgotten by time: when it was settled, in nanoseconds since 1970.
ALTER TABLE orders ADD COLUMN settled_at INTEGER;
CREATE INDEX orders_settled ON orders (settled_at) WHERE result IS NOT NULL;
