-- Lists of items are read a page at a time, in an order that every database agrees on and that compares numbers in keys as
-- numbers. The host computes it from the key, and fills it in for items from before as soon as this migration is done.
alter table items add column sort_key text not null default '';
-- The title in lower case, by the rules of Unicode, which databases do not know.
alter table items add column folded_title text not null default '';
-- Its place among the items of its status, smallest first; null where nobody placed it.
alter table items add column place bigint;

create index items_in_order on items (project, sort_key);
create index items_by_status on items (project, kind, status);
create index items_by_parent on items (project, parent, status);
-- Those that are still to be filled in; none once the host has opened the database.
create index items_without_order on items (project) where sort_key = '';

-- The runs for an item, of which there are few, and whose events are read together.
create index runs_by_item on runs (project, item) where item is not null;
