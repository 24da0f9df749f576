create table sources (
    plugin        text   not null,
    reference     text   not null,
    -- Of the artifact as the registry has it.
    digest        text   not null,
    -- Of the file: a file somebody put in its place did not come from there.
    hash          text   not null,
    installed_at  bigint not null,
    -- There is one file of a name, and it came from one place.
    constraint sources_are_known_once_a_plugin primary key (plugin)
);
