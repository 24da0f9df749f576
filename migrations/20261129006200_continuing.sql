-- The call by which a run began again with another input. The entries up to it are kept and shown; they are not replayed.
-- 0 for a run that goes on from its beginning.
alter table runs add column journal_from bigint not null default 0;
