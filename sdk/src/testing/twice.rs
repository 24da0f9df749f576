//! Finds what a plugin does differently when it is executed again: the second time its calls are answered from the first,
//! as a host does that resumes a run. Performs no call twice.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fmt::Debug,
};

use serde_json::Value;

use super::{Host, world::World};
use crate::Result;

/// Characters shown on each side of the first that differs.
const AROUND: usize = 40;
const ADVICE: &str = "A run that is resumed is executed again from its beginning and must make the same calls: take the time from `run::now`, \
                      and depend neither on the order of a hash map nor on anything outside of the host.";

/// The calls of the first execution while there are two.
#[derive(Default)]
pub(super) struct Twice {
    /// Calls inside each other now: those of stand-ins are not the plugin's own.
    depth: Cell<usize>,
    pass: RefCell<Pass>,
}

#[derive(Default)]
enum Pass {
    /// The work is done once.
    #[default]
    Only,
    First(Vec<Kept>),
    Second {
        kept: Vec<Kept>,
        next: usize,
    },
}

/// A call with its answer, and what time it was afterwards.
struct Kept {
    name: String,
    request: Value,
    answer: Box<dyn Any>,
    now: u64,
}

impl Twice {
    /// Whether a call that is made now is one of the run's own.
    pub(super) fn is_outermost(&self) -> bool {
        self.depth.get() == 0
    }

    /// Whether what is done now answers one of the run's own calls, and no call inside it.
    pub(super) fn is_own_call(&self) -> bool {
        self.depth.get() == 1
    }

    /// Does what answers a call.
    pub(super) fn answering<A>(&self, answer: impl FnOnce() -> A) -> A {
        self.depth.set(self.depth.get() + 1);
        let _leave = Leave(&self.depth);
        answer()
    }

    /// Keeps a call of the first execution.
    pub(super) fn keep<A: Clone + 'static>(&self, name: &str, request: &Value, answer: &Result<A>, now: u64) {
        if let (0, Pass::First(kept)) = (self.depth.get(), &mut *self.pass.borrow_mut()) {
            kept.push(Kept { name: name.to_owned(), request: request.clone(), answer: Box::new(answer.clone()), now });
        }
    }

    /// In the second execution, what the call was answered in the first, and what time it was then.
    #[expect(clippy::panic, reason = "a test fails by panicking, and this call is not the one it was")]
    pub(super) fn again<A: Clone + 'static>(&self, name: &str, request: &Value) -> Option<(Result<A>, u64)> {
        let mut pass = self.pass.borrow_mut();
        let Pass::Second { kept, next } = &mut *pass else { return None };
        let number = *next + 1;
        let Some(call) = kept.get(*next) else {
            panic!("Executed again, the work makes call {number}, which it did not make before.\n  again: {name} {request}\n{ADVICE}")
        };
        if call.name != name {
            let (before, asked) = (&call.name, &call.request);
            panic!("Executed again, the work makes another call {number}.\n  first: {before} {asked}\n  again: {name} {request}\n{ADVICE}");
        }
        if let Some(difference) = Difference::first(&call.request, request) {
            panic!("Executed again, the work makes call {number} ({name}) with another request, {difference}\n{ADVICE}");
        }
        *next += 1;
        // A call of one name has answers of one type.
        call.answer.downcast_ref::<Result<A>>().map(|answer| (answer.clone(), call.now))
    }

    fn begin_second(&self) {
        let mut pass = self.pass.borrow_mut();
        if let Pass::First(kept) = &mut *pass {
            *pass = Pass::Second { kept: std::mem::take(kept), next: 0 };
        }
    }

    /// The first call that the second execution did not come to.
    fn left(&self) -> Option<(usize, String)> {
        match &*self.pass.borrow() {
            Pass::Second { kept, next } => kept.get(*next).map(|call| (next + 1, format!("{} {}", call.name, call.request))),
            _ => None,
        }
    }
}

impl Host {
    /// Does the work, then again with each of its calls answered as before, and fails the test where the second time is
    /// not the first: with the number and the name of the first call that differs and the place in its request, or with the
    /// two results. So it finds what would keep a run from being resumed, such as a prompt in the order of a hash map.
    ///
    /// The second time changes nothing: what the host holds, and the calls it noted, are those of the first.
    ///
    /// ```
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// fn report(_: Value) -> Result<Value> {
    ///     files::write("report.md", format!("Written at {}.", run::now()))?;
    ///     Ok(json!("done"))
    /// }
    ///
    /// let host = Host::new();
    /// assert_eq!(host.twice(|| report(json!({}))), Ok(json!("done")));
    /// assert_eq!(host.requests("files.write").len(), 1);
    /// ```
    ///
    /// ```should_panic
    /// # use baton_sdk::{prelude::*, testing::Host};
    /// use std::time::Instant;
    /// // Fails: the request of call 1 (files.write) differs at /content/text.
    /// Host::new().twice(|| files::write("report.md", format!("Written at {:?}.", Instant::now())));
    /// ```
    #[expect(clippy::panic, reason = "a test fails by panicking, and the work is not the same twice")]
    pub fn twice<A: PartialEq + Debug>(&self, work: impl Fn() -> A) -> A {
        let begin = self.world.now.get();
        let _end = End::begin(&self.world);
        let first = self.inside(&work);
        self.world.twice.begin_second();
        self.world.now.set(begin);
        // It gets its tickets again, as a run that is resumed.
        let tickets = self.world.tickets.take();
        let again = self.inside(&work);
        self.world.tickets.replace(tickets);
        if let Some((number, call)) = self.world.twice.left() {
            panic!("Executed again, the work ends before call {number}, which it made before.\n  first: {call}\n{ADVICE}");
        }
        assert!(
            first == again,
            "Executed again, the work makes the same calls and has another result.\n  first: {first:?}\n  again: {again:?}\n{ADVICE}"
        );
        first
    }
}

/// Ends the two executions, also after a panic.
struct End<'a>(&'a World);

impl<'a> End<'a> {
    fn begin(world: &'a World) -> Self {
        world.twice.pass.replace(Pass::First(Vec::new()));
        Self(world)
    }
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.twice.pass.replace(Pass::Only);
    }
}

/// Leaves a call, also after a panic.
struct Leave<'a>(&'a Cell<usize>);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// Where two requests differ first. As in the journal, a member that is null is one that is absent.
struct Difference {
    pointer: String,
    first: String,
    again: String,
}

impl Difference {
    fn first(one: &Value, other: &Value) -> Option<Self> {
        let (pointer, one, other) = differing(one, other, String::new())?;
        let from = match (one, other) {
            (Value::String(one), Value::String(other)) => one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count(),
            _ => 0,
        };
        Some(Self { pointer, first: excerpt(one, from), again: excerpt(other, from) })
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let place = if self.pointer.is_empty() { "as a whole" } else { &self.pointer };
        write!(formatter, "at {place}.\n  first: {}\n  again: {}", self.first, self.again)
    }
}

fn differing<'a>(one: &'a Value, other: &'a Value, pointer: String) -> Option<(String, &'a Value, &'a Value)> {
    match (one, other) {
        (Value::Object(members), Value::Object(others)) => {
            let names: BTreeSet<_> = members.keys().chain(others.keys()).collect();
            let below = |name: &String| format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            names.into_iter().find_map(|name| differing(&one[name], &other[name], below(name)))
        }
        (Value::Array(items), Value::Array(others)) => {
            let count = items.len().max(others.len());
            let item = |items: &'a [Value], place| items.get(place).unwrap_or(&Value::Null);
            (0..count).find_map(|place| differing(item(items, place), item(others, place), format!("{pointer}/{place}")))
        }
        _ => (one != other).then_some((pointer, one, other)),
    }
}

/// What of a value is around its character `from`.
fn excerpt(value: &Value, from: usize) -> String {
    match value {
        Value::Null => "absent".to_owned(),
        Value::String(text) => Value::String(around(text, from)).to_string(),
        other => around(&other.to_string(), 0),
    }
}

fn around(text: &str, from: usize) -> String {
    let start = from.saturating_sub(AROUND);
    let mut rest = text.chars().skip(start);
    let mut cut: String = if start > 0 { "…" } else { "" }.to_owned();
    cut.extend(rest.by_ref().take(2 * AROUND));
    if rest.next().is_some() {
        cut.push('…');
    }
    cut
}
