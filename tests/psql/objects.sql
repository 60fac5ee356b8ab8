CREATE SCHEMA shop;
CREATE TABLE shop.item (id BIGINT NOT NULL, name TEXT, price NUMERIC(10, 2), at TIMESTAMPTZ, tags TEXT[], ok BOOLEAN);
COMMENT ON TABLE shop.item IS 'what can be bought';
COMMENT ON COLUMN shop.item.name IS 'what it is called';
CREATE VIEW shop.cheap AS SELECT id, name FROM shop.item WHERE price < 10;
CREATE MATERIALIZED VIEW shop.names AS SELECT name FROM shop.item;
COMMENT ON SCHEMA shop IS 'the shop';
CREATE TABLE shop.customer (id BIGINT PRIMARY KEY, email VARCHAR(40) UNIQUE, country TEXT DEFAULT 'DE', spent NUMERIC(10, 2) CHECK (spent >= 0), since DATE NOT NULL DEFAULT DATE '2026-01-01', CONSTRAINT known_country CHECK (country IN ('DE', 'FR')), UNIQUE (country, since));
