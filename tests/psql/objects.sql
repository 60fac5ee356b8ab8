CREATE SCHEMA shop;
CREATE TABLE shop.item (id BIGINT NOT NULL, name TEXT, price NUMERIC(10, 2), at TIMESTAMPTZ, tags TEXT[], ok BOOLEAN);
COMMENT ON TABLE shop.item IS 'what can be bought';
COMMENT ON COLUMN shop.item.name IS 'what it is called';
CREATE VIEW shop.cheap AS SELECT id, name FROM shop.item WHERE price < 10;
CREATE MATERIALIZED VIEW shop.names AS SELECT name FROM shop.item;
COMMENT ON SCHEMA shop IS 'the shop';
