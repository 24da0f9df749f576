-- Who caused an event, as JSON with `kind`, `id` and `name`; null where nobody did.
alter table events add column actor text;
-- Who started a run, in the same form; null for one that another run started.
alter table runs add column started_by text;
