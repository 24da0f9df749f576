create table plugins (
    -- Name of the file in the plugin folder.
    file          text   not null,
    plugin        text   not null,
    version       text   not null,
    hash          text   not null,
    published_at  bigint not null,
    -- A file holds one plugin.
    constraint plugins_are_one_a_file primary key (file),
    -- Two files of one name: the first keeps it, also when the host was started again.
    constraint plugins_are_claimed_once unique (plugin)
);

-- The versions whose file is kept because a run began with it or because it is the last good one.
create table versions (
    hash     text   not null,
    plugin   text   not null,
    version  text   not null,
    -- What is bundled is granted what it needs; what merely has its name is not.
    bundled  bigint not null,
    kept_at  bigint not null,
    -- A file is kept once, whatever it is called.
    constraint versions_are_kept_once primary key (hash),
    -- A flag is 0 or 1; booleans do not travel between the databases.
    constraint versions_flags_are_flags check (bundled in (0, 1))
);
