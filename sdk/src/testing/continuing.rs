//! Runs that begin again with another input: the execution ends at that call, here by an unwinding that prints nothing, and
//! its caller takes the input. Ends nothing else in this way.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use serde_json::Value;

use crate::Result;

/// How often one run may begin again in a test.
const MOST: usize = 1000;

/// What an execution carries to where it began.
struct Continued(Value);

/// Ends the execution.
pub(super) fn continue_with(input: Value) -> ! {
    resume_unwind(Box::new(Continued(input)))
}

/// Does the work; an error is the input to begin it again with.
pub(super) fn caught<A>(work: impl FnOnce() -> A) -> std::result::Result<A, Value> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| match payload.downcast::<Continued>() {
        Ok(continued) => continued.0,
        Err(panic) => resume_unwind(panic),
    })
}

/// Does the work, and again with every input that it continues with.
#[expect(clippy::panic, reason = "a test fails by panicking, and this run would have no end")]
pub(super) fn to_the_end<A>(mut input: Value, mut work: impl FnMut(&Value) -> std::result::Result<Result<A>, Value>) -> Result<A> {
    for _ in 0..MOST {
        match work(&input) {
            Ok(ended) => return ended,
            Err(next) => input = next,
        }
    }
    panic!(
        "The run began again {MOST} times and does not end. Cancel it with `Host::with_cancel_after`, or execute it once with `Host::run_once`."
    )
}
