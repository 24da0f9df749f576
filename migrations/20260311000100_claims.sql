-- Which file of the plugin folder a name belongs to. It stays when the file goes away for a while: what takes the name
-- meanwhile has none of the grants that were given to it.
create table claims (
    plugin  text not null,
    -- Name of the file, and the hash of what was in it last: a file that was only given another name keeps its claim.
    file    text not null,
    hash    text not null,
    -- A name belongs to one file.
    constraint claims_are_one_a_name primary key (plugin)
);

insert into claims (plugin, file, hash) select plugin, file, hash from plugins;
