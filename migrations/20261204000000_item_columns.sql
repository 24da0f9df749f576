-- A column of a board is read in its order without the rest of the backlog.
create index items_in_columns on items (project, status, coalesce(place, 9223372036854775807), sort_key);
