//! Any text as a script of a model: an answer, or a refusal, soon.
#![no_main]

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use baton::interfaces::llm::{
    Caller, Message, Part, Provider, Request, Role,
    providers::{pace::Pace, script::Script},
};
use baton_fuzz::soon;
use libfuzzer_sys::fuzz_target;

/// Waits for nothing.
struct AtOnce;

#[async_trait]
impl Pace for AtOnce {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn jitter(&self) -> f64 {
        0.5
    }

    async fn pause(&self, _: Duration) {}
}

fuzz_target!(|yaml: &str| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("script.yaml"), yaml).expect("a file");
    let script = Script::new(folder.path().to_owned(), Arc::new(AtOnce));
    let request = Request {
        messages: vec![Message { role: Role::User, parts: vec![Part::Text("Estimate the project of 2026.".to_owned())] }],
        ..Request::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let caller = Caller { run: "run", plugin: "mary", idempotency_key: "run:1" };
    if let Err(error) = soon(|| runtime.block_on(script.complete(caller, "script.yaml", &request))) {
        assert!(error.to_string().len() < 16_000, "an endless refusal");
    }
});
