//! The contract's functions by name. A function that has no line here fails the test that calls it; a test in `tests/it/`
//! compares the lines with `wit/`.

use serde_json::Value;

use super::{Arguments, shapes::Shape};
use crate::Result;
use crate::bindings::host::baton::plugin::types;
use crate::imports::{
    agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools, waits, workflows,
};

/// Calls a function of the contract, such as `files.read`.
#[expect(clippy::panic, reason = "a test fails by panicking, and there is nothing to answer it")]
pub(super) fn answer(name: &str, arguments: &[Value]) -> Result<Value> {
    let given = &mut Arguments::of(arguments);
    match name {
        "agents.perform" => result(agents::perform(&given.text(), &given.next(), &given.next::<Vec<_>>())),
        "agents.begin" => result(agents::begin(&given.text(), &given.next(), &given.next::<Vec<_>>())),
        "assets.read" => result(assets::read(&given.text())),
        "assets.paths" => value(&assets::paths()),
        "backlog.put" => result(backlog::put(&given.next::<Vec<_>>())),
        "backlog.get" => result(backlog::get(&given.text())),
        "backlog.all" => result(backlog::all()),
        "backlog.ready" => result(backlog::ready()),
        "backlog.move-to" => result(backlog::move_to(&given.text(), given.next(), &given.text())),
        "backlog.assign" => {
            result(backlog::assign(&given.text(), given.next::<Option<String>>().as_deref(), given.next::<Option<String>>().as_deref()))
        }
        "backlog.history" => result(backlog::history(&given.text())),
        "backlog.write-documents" => result(backlog::write_documents()),
        "files.read" => result(files::read(&given.text())),
        "files.read-lines" => result(files::read_lines(&given.text(), given.next(), given.next(), given.next())),
        "files.write" => result(files::write(&given.text(), &given.next::<Vec<u8>>())),
        "files.remove" => result(files::remove(&given.text())),
        "files.find" => result(files::find(&given.text())),
        "files.search" => result(files::search(&given.text(), given.next::<Option<String>>().as_deref(), given.next(), given.next())),
        "forge.about-forge" => result(forge::about_forge()),
        "forge.open" => result(forge::open(&given.next())),
        "forge.get" => result(forge::get(given.next())),
        "forge.all-open" => result(forge::all_open()),
        "forge.review" => result(forge::review(given.next(), given.next(), &given.text())),
        "forge.report" => result(forge::report(given.next(), &given.next())),
        "forge.merge" => result(forge::merge(given.next(), &given.text(), given.next(), given.next::<Option<String>>().as_deref())),
        "forge.close" => result(forge::close(given.next())),
        "git.branch" => result(git::branch()),
        "git.status" => result(git::status()),
        "git.log" => result(git::log(given.next::<Option<String>>().as_deref(), given.next())),
        "git.diff" => result(git::diff(&given.text())),
        "git.read" => result(git::read(&given.text(), &given.text())),
        "git.merge-base" => result(git::merge_base(&given.text(), &given.text())),
        "git.commit" => result(git::commit(&given.text(), given.next::<Option<String>>().as_deref())),
        "git.merge" => result(git::merge(&given.text(), &given.text(), &given.next::<Vec<_>>())),
        "git.reset" => result(git::reset(&given.text())),
        "git.restore" => result(git::restore(&given.next::<Vec<_>>())),
        "git.advance" => result(git::advance(&given.text(), &given.text())),
        "git.worktree-add" => result(git::worktree_add(&given.text(), &given.text())),
        "git.worktree-remove" => result(git::worktree_remove(&given.text())),
        "git.push" => result(git::push(&given.text())),
        "knowledge.search" => result(knowledge::search(&given.text(), given.next())),
        "knowledge.remember" => result(knowledge::remember(&given.text(), &given.text())),
        "llm.describe" => result(llm::describe(given.next::<Option<String>>().as_deref())),
        "llm.complete" => result(llm::complete(&given.next())),
        "llm.complete-all" => value(&llm::complete_all(&given.next::<Vec<_>>())),
        "people.ask" => result(people::ask(&given.next())),
        "people.post" => result(people::post(&given.next())),
        "people.inform" => result(people::inform(&given.next())),
        "run.about" => value(&run::about()),
        "run.now" => value(&run::now()),
        "run.sleep-until" => result(run::sleep_until(given.next())),
        "run.pause" => result(run::pause(&given.text())),
        "run.publish" => result(run::publish(&given.text(), &given.text())),
        "run.continue-with" => result(run::continue_with(&given.text())),
        "run.log" => {
            run::log(given.next(), &given.text(), &given.text());
            done(())
        }
        "run.progress" => {
            run::progress(given.next(), &given.text());
            done(())
        }
        "sandbox.execute" => result(sandbox::execute(&given.next())),
        "sandbox.read-output" => result(sandbox::read_output(&given.text(), given.next(), given.next(), given.next())),
        "sandbox.renew-lockfiles" => result(sandbox::renew_lockfiles()),
        "sandbox.set-up" => result(sandbox::set_up()),
        "settings.get" => value(&settings::get(&given.text())),
        "state.get" => result(state::get(&given.text(), &given.text())),
        "state.set" => result(state::set(&given.text(), &given.text(), &given.text(), given.next())),
        "state.remove" => result(state::remove(&given.text(), &given.text())),
        "state.keys" => result(state::keys(&given.text(), &given.text())),
        "tools.available" => value(&tools::available()),
        "tools.call" => result(tools::call(&given.text(), &given.text())),
        "tools.call-all" => value(&tools::call_all(&given.next::<Vec<_>>())),
        "waits.timer" => result(waits::timer(given.next())),
        "waits.signal" => result(waits::signal(&given.text())),
        "waits.item-change" => result(waits::item_change(&given.text())),
        "waits.any" => result(waits::any(&given.next::<Vec<_>>(), given.next())),
        "waits.cancel" => result(waits::cancel(&given.text())),
        "workflows.start" => result(workflows::start(&given.text(), &given.text(), &given.next::<Vec<_>>())),
        _ => panic!("The host in memory has no function `{}`. Use the SDK that this Baton writes.", name.escape_debug()),
    }
}

fn result<A: Shape>(answer: std::result::Result<A, types::Error>) -> Result<Value> {
    Ok(answer?.write())
}

fn value(answer: &impl Shape) -> Result<Value> {
    Ok(answer.write())
}

/// A call that has no answer.
#[expect(clippy::unnecessary_wraps, reason = "an answer like the others")]
fn done(_: ()) -> Result<Value> {
    Ok(Value::Null)
}
