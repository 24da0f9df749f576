-- What a workflow that succeeded says that it leaves undone. Before, it was a field of the output.
alter table runs add column shortfall text;
