-- +goose Up
-- What the link said before an update, so that taking back one update leaves the earlier ones. NULL when there was no link yet, and in images that are older than these columns.
ALTER TABLE before_image ADD COLUMN link_symbolic TEXT;
ALTER TABLE before_image ADD COLUMN link_sent TEXT;
ALTER TABLE before_image ADD COLUMN link_echoed TEXT;

-- +goose Down
ALTER TABLE before_image DROP COLUMN link_echoed;
ALTER TABLE before_image DROP COLUMN link_sent;
ALTER TABLE before_image DROP COLUMN link_symbolic;
