-- The call by whose answer a run failed, as JSON with `seq`, `call` and `child`; null where it failed by itself, and before this was kept.
alter table runs add column failed_call text;
