//! Any text as what test programs printed, or as a report. Results within their bounds, whatever it is.
#![no_main]

use baton_fuzz::soon;
use baton_results::{LONGEST_MESSAGE, LONGEST_NAME, MOST_BYTES, MOST_TESTS, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let results = soon(|| read([text]));
    assert!(results.tests.len() <= MOST_TESTS);
    let bytes: usize = results.tests.iter().map(|test| test.name.len() + test.file.len() + test.message.len()).sum();
    assert!(bytes <= MOST_BYTES, "{bytes}");
    for test in &results.tests {
        assert!(!test.name.is_empty() && test.name.len() <= LONGEST_NAME && !test.name.contains(char::is_control), "{test:?}");
        assert!(test.file.len() <= LONGEST_NAME && test.message.len() <= LONGEST_MESSAGE, "{test:?}");
    }
});
