-- What runs show to operators and programs, each value under its key.
create table published (
    run_id  text   not null,
    key     text   not null,
    -- A JSON document; a value that is `null` has no row.
    value   text   not null,
    at      bigint not null,
    -- Who looks finds one value under a key.
    constraint published_has_one_value_a_key primary key (run_id, key),
    -- Nobody would find it.
    constraint published_belongs_to_a_run foreign key (run_id) references runs (id)
);
