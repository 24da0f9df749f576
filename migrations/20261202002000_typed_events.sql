-- Names of events and keys of their data are written in snake_case. A key stands in JSON text as `"key":`, which no text inside a
-- value can be: its quotes are escaped there.
update events set name = replace(name, '-', '_') where replace(name, '-', '_') <> name;
update events set name = 'rejected' where category = 'plugin' and name = 'refused';
update events set data = replace(replace(replace(replace(replace(replace(replace(data,
    '"input-tokens":', '"input_tokens":'), '"cached-input-tokens":', '"cached_input_tokens":'), '"output-tokens":', '"output_tokens":'),
    '"cost-usd":', '"cost_usd":'), '"possibly-charged":', '"possibly_charged":'), '"window-tokens":', '"window_tokens":'),
    '"settled-usd":', '"settled_usd":')
    where category = 'llm' and name = 'completed';
update events set data = replace(data, '"possible-double-charge":', '"possible_double_charge":') where category = 'llm' and name = 'repeated';
update events set data = replace(replace(data, '"budget-usd":', '"budget_usd":'), '"spent-usd":', '"spent_usd":')
    where category = 'llm' and name = 'budget_nearly_spent';
update events set data = replace(data, '"cost-usd":', '"cost_usd":') where category = 'agent' and name = 'ended';
update events set data = replace(replace(data, '"exit-code":', '"exit_code":'), '"took-ms":', '"took_ms":')
    where category = 'sandbox' and name in ('executed', 'set_up');
update events set data = replace(data, '"left-out":', '"left_out":') where category = 'sandbox' and name = 'output';
update events set data = replace(data, '"expires-at":', '"expires_at":') where category = 'question' and name = 'asked';
update events set data = replace(data, '"given-up":', '"given_up":') where category = 'audit' and name = 'repinned';
update events set data = replace(data, '"carried-from":', '"carried_from":') where category = 'audit' and name = 'granted';
update events set data = replace(data, '"setup-files":', '"setup_files":') where category = 'audit' and name = 'setup_approved';
