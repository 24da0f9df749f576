-- What bounds a run beside the grants of its own plugin, as JSON; null for a run that nothing bounds.
alter table runs add column ceiling text;

-- Grants for one project or until a date, as JSON: a list of what is granted and on which terms.
alter table grants add column limited text not null default '[]';

-- 1 where the plugin was granted to start others before these were bounded by what it may do itself, and no operator has
-- decided since. `baton plugin list` names it.
alter table grants add column reaches_less bigint not null default 0;
update grants set reaches_less = 1
    where granted like '%"agents":%' or granted like '%"workflows":%' or granted like '%"tools":%';

-- Kinds that no interface serves yet cannot be granted any more. What was granted of them would open what a later version
-- brings, so it is taken back by the plugin's name, also from versions whose file is gone.
insert into rulings (plugin, rule, decided_at, decided_by, revision)
    select named.plugin, '{"rule":"taken-back","kinds":["hosts","secrets"]}', 0, 'baton', last.revision + named.place
    from (select plugin, row_number() over (order by plugin) as place
          from (select distinct plugin from grants where granted like '%"hosts":%' or granted like '%"secrets":%') as reserved) as named,
         (select max(revision) as revision
          from (select max(revision) as revision from grants union all select max(revision) from rulings) as decided) as last;
