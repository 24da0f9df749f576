-- A JSON list of what people find and group an item by, sorted. In the row of the item and in no table of its own: whoever
-- looks for labels reads the whole backlog, for what an item waits for is known of no fewer.
alter table items add column labels text not null default '[]';
