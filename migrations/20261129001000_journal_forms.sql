-- The form in which the requests of a run are hashed and its answers are kept; 0 for a run from before forms were counted.
alter table runs add column journal_form bigint not null default 0;

-- The journals of those cannot be replayed: the runs that had not ended wait for their operator, and keep what they have.
update runs set state = 'paused', wake_at = null, state_detail = '{"state":"paused","pause":{"kind":"journal-form","reason":"An earlier version of Baton began this run, and this version cannot replay its journal. What it did stays readable; fork it before call 1 to begin again from the same input.","at":1}}'
    where state in ('queued', 'running', 'waiting');
-- No run waits any more.
delete from waits;
-- An answer would reach no run: a fork asks again.
update questions set withdrawn_at = asked_at where answered_at is null and withdrawn_at is null;
