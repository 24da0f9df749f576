create table items (
    project     text   not null,
    key         text   not null,
    kind        text   not null,
    title       text   not null,
    body        text   not null,
    parent      text,
    -- A JSON list of keys. Whether they are there and end is decided over the whole backlog, before it is written.
    after       text   not null,
    priority    bigint not null,
    status      text   not null,
    assignee    text,
    branch      text,
    -- The hash of the body that the item's document was last given. A body that is still the same leaves to people what they
    -- made of it in the document.
    body_written text,
    created_at  bigint not null,
    updated_at  bigint not null,
    -- A key means one thing in its project.
    constraint items_are_named_once primary key (project, key),
    -- A word outside these lists would stand in no order and could be moved nowhere.
    constraint items_have_a_known_kind check (kind in ('epic', 'story', 'task')),
    constraint items_have_a_known_status
        check (status in ('todo', 'in-progress', 'review', 'blocked', 'done', 'failed', 'cancelled')),
    -- Nothing is more urgent than what is done first.
    constraint items_have_a_priority check (priority between 0 and 10)
);

create table item_moves (
    project       text   not null,
    key           text   not null,
    -- Counts the moves of an item, from 1.
    place         bigint not null,
    at            bigint not null,
    -- None: it was added.
    before_status text,
    after_status  text   not null,
    reason        text   not null,
    run_id        text,
    person        text,
    -- A move is told once.
    constraint item_moves_have_a_place primary key (project, key, place),
    -- A history without its item would be read by nobody.
    constraint item_moves_belong_to_an_item foreign key (project, key) references items (project, key),
    -- Somebody moved it, and nobody shares it.
    constraint item_moves_have_an_author check ((run_id is null) <> (person is null))
);

-- The calls that changed a backlog, so that one which a crash cut off is not done a second time.
create table item_calls (
    -- `run:seq`.
    call text not null,
    -- A call is done once.
    constraint item_calls_are_done_once primary key (call)
);
