//! The recorder: takes every call of one run in order, replays what is written, and checks, writes, does and writes
//! again what is not. Decides nothing about permission itself and never looks into a request.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Asked, Attempt, Authority, Call, CallError, Clock, Continuation, Denial, Divergence, Effect, Entry, EntryState, ErrorKind, Halt,
    Interrupt, Journal, NeedKind, Notes, Pause, PauseKind, Performed, Redactor, Repeat, RunId, Wait, Write,
    answer::Kept,
    divergence::excerpt,
    events::{CapabilityName, Denied, Repeated},
    form,
};
use crate::{errors::StorageError, events::Draft};

/// How much a run may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one request or one answer.
    pub payload: usize,
    /// Calls of one run.
    pub calls: u64,
}

/// A call that has its place in the order. Give it to `settle` with what came of it.
pub struct Prepared {
    entry: Entry,
    state: Stage,
}

enum Stage {
    /// Answered by the journal.
    Replayed(String),
    /// Not possible.
    Refused(CallError),
    /// Not allowed, and what it would have needed; of a long value an excerpt.
    Denied(Denial, CapabilityName),
    /// Not allowed yet: an operator decides.
    Undecided(Wait),
    /// To be done.
    Due { again: bool, intent_written: bool },
}

impl Prepared {
    /// What the call does to the world.
    pub fn effect(&self) -> Effect {
        self.entry.effect
    }

    /// The try to make, or none when the answer is known already.
    pub fn attempt(&self) -> Option<Attempt> {
        match self.state {
            Stage::Due { again, .. } => Some(Attempt { seq: self.entry.seq, key: self.entry.key(), again, asked_at: self.entry.asked_at }),
            Stage::Replayed(_) | Stage::Refused(_) | Stage::Denied(..) | Stage::Undecided(_) => None,
        }
    }
}

/// What a recorder needs from outside.
pub struct Ports {
    /// Where entries are written.
    pub journal: Arc<dyn Journal>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the run may do.
    pub authority: Arc<dyn Authority>,
}

/// All calls of one execution of one run, in order.
pub struct Recorder {
    run: RunId,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    authority: Arc<dyn Authority>,
    halt: Halt,
    limits: Limits,
    history: VecDeque<Entry>,
    /// The last call that is not replayed any more.
    base: u64,
    next: u64,
    now: Arc<AtomicU64>,
    host_time: Duration,
    closed: bool,
    redactor: Redactor,
    notes: Notes,
}

impl Recorder {
    /// A recorder for `run`, whose journal holds `history` in order. `started_at` is the run's first moment,
    /// in milliseconds since 1970 UTC.
    pub fn new(run: RunId, history: Vec<Entry>, started_at: u64, limits: Limits, halt: Halt, ports: Ports) -> Self {
        let Ports { journal, clock, authority } = ports;
        let notes = Notes::new(Arc::clone(&journal));
        let mut recorder = Self {
            run,
            journal,
            clock,
            authority,
            halt,
            limits,
            history: history.into(),
            base: 0,
            next: 1,
            now: Arc::new(AtomicU64::new(started_at)),
            host_time: Duration::ZERO,
            closed: false,
            redactor: Redactor::default(),
            notes,
        };
        recorder.skip_given_up();
        recorder
    }

    /// Blots secrets out of every answer before it is written and given to the guest, so that a replay tells it the same;
    /// and out of every event and reason.
    #[must_use]
    pub fn redacting(mut self, redactor: Redactor) -> Self {
        self.notes = self.notes.redacting(redactor.clone());
        self.redactor = redactor;
        self
    }

    /// Begins behind call `base`, by which the run continued with another input: neither that call nor one before it is
    /// replayed, nor counts for the limit of calls.
    #[must_use]
    pub fn continued_from(mut self, base: u64) -> Self {
        self.history.retain(|entry| entry.seq > base);
        self.base = base;
        self.next = base + 1;
        self.skip_given_up();
        self
    }

    /// Keeps to its history: the first call that differs from it, or that it does not answer, ends the execution, and
    /// nothing is ever done. Calls are compared as in every other recorder.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.closed = true;
        self
    }

    /// The run whose calls these are.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The run's own time: when its last call was answered, in milliseconds since 1970 UTC.
    pub fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// The run's own time for a clock that outlives this borrow.
    pub fn time(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.now)
    }

    /// The time outside, which no guest sees, in milliseconds since 1970 UTC.
    pub fn clock(&self) -> u64 {
        self.clock.now()
    }

    /// The value without secrets, for a call that hands it to others than the journal.
    pub fn redacted(&self, value: Value) -> Value {
        self.redactor.value(value)
    }

    /// Who decides what this run may do; for a call whose answer leaves out what the run may not see.
    pub fn authority(&self) -> Arc<dyn Authority> {
        Arc::clone(&self.authority)
    }

    /// Who tells this execution to end; for calls that are made side by side.
    pub fn halt(&self) -> Halt {
        self.halt.clone()
    }

    /// Where a call that is being made writes down what became known of it before it has an answer.
    pub fn notes(&self) -> Notes {
        self.notes.clone()
    }

    /// How long this execution has spent in calls, which is not the guest's own time.
    pub fn host_time(&self) -> Duration {
        self.host_time
    }

    /// Whether the guest is still being told what it was told before.
    pub fn is_replaying(&self) -> bool {
        !self.history.is_empty()
    }

    /// The first call in the journal that this execution has not made, if any. A guest that ends before it has
    /// diverged from its journal.
    pub fn unreplayed(&self) -> Option<&Entry> {
        self.history.front()
    }

    /// The effect of the next call, when the journal holds it already: then nothing needs to be looked up for it. One that
    /// was released is made as if for the first time, and what was written of its effect says nothing.
    pub fn recorded(&self) -> Option<Effect> {
        self.history.front().filter(|entry| entry.seq == self.next && entry.state != EntryState::Released).map(|entry| entry.effect)
    }

    /// The divergence of a guest that ended before its journal did, if it did.
    pub fn left_behind(&self) -> Option<Divergence> {
        let entry = self.unreplayed()?;
        Some(Divergence { seq: entry.seq, recorded: Some(Asked::from(entry)), now: None, line: None })
    }

    /// Takes one call through the gate. The inner result is the guest's; the outer one ends its execution.
    pub async fn call<A, F>(&mut self, call: Call<'_>, perform: impl FnOnce(Attempt) -> F) -> Result<Result<A, CallError>, Interrupt>
    where
        A: Serialize + DeserializeOwned,
        F: Future<Output = Performed<A>>,
    {
        let entered = Instant::now();
        let answer = self.pass(call, perform).await;
        self.host_time += entered.elapsed();
        answer
    }

    async fn pass<A, F>(&mut self, call: Call<'_>, perform: impl FnOnce(Attempt) -> F) -> Result<Result<A, CallError>, Interrupt>
    where
        A: Serialize + DeserializeOwned,
        F: Future<Output = Performed<A>>,
    {
        let mut prepared = self.prepare(call)?;
        // There is nothing to do, to wait for or to write.
        if let Stage::Replayed(answer) = &prepared.state {
            return replayed(&prepared.entry, answer);
        }
        let _made_to_its_end = self.halt.calling().await;
        self.intend(std::slice::from_mut(&mut prepared)).await?;
        let performed = match prepared.attempt() {
            Some(attempt) => self.halt.in_time(prepared.effect(), perform(attempt)).await,
            None => None,
        };
        self.settle(prepared, performed).await
    }

    /// Gives the call its place in the order: replays it, refuses it, or says that it is to be done.
    pub fn prepare(&mut self, call: Call<'_>) -> Result<Prepared, Interrupt> {
        let seq = self.next;
        if self.history.front().is_some_and(|entry| entry.seq == seq) {
            return self.follow(call);
        }
        if self.closed {
            return Err(self.diverged(seq, None, call));
        }
        if let Some(interrupt) = self.halt.interrupt() {
            return Err(interrupt);
        }
        if seq - self.base > self.limits.calls {
            return Err(Pause::new(
                PauseKind::Limit,
                format!(
                    "The run has made {} host calls, which is its limit; raise `limits.calls` in baton.toml and resume it.",
                    self.limits.calls
                ),
            )
            .into());
        }
        self.advance();
        Ok(self.admit(call, seq))
    }

    fn advance(&mut self) {
        self.next += 1;
        self.skip_given_up();
    }

    /// The numbers of calls that were given up are not used again.
    fn skip_given_up(&mut self) {
        while self.history.front().is_some_and(|entry| entry.seq == self.next && entry.state == EntryState::GivenUp) {
            self.history.pop_front();
            self.next += 1;
        }
    }

    /// A call that the journal knows.
    fn follow(&mut self, call: Call<'_>) -> Result<Prepared, Interrupt> {
        let Some(mut entry) = self.history.pop_front() else { return Err(Interrupt::Stopped) };
        if !is_same(&entry, &call) {
            return Err(self.diverged(entry.seq, Some(&entry), call));
        }
        self.advance();
        if let (EntryState::Done, Some(answer)) = (entry.state, entry.answer.take()) {
            self.now.fetch_max(entry.answered_at.unwrap_or(0), Ordering::Relaxed);
            return Ok(Prepared { entry, state: Stage::Replayed(answer) });
        }
        if self.closed {
            return Err(self.diverged(entry.seq, None, call));
        }
        if let Some(interrupt) = self.halt.interrupt() {
            return Err(interrupt);
        }
        if let Some(refusal) = self.cancelling(&call) {
            return Ok(Prepared { entry, state: refusal });
        }
        if entry.state == EntryState::Released {
            return Ok(self.admit(call, entry.seq));
        }
        let again = match entry.effect.repeat() {
            Repeat::Never => return Err(ambiguous(&entry).into()),
            Repeat::Flagged => true,
            Repeat::Freely => false,
        };
        entry.repeated |= again;
        // The flag must be on disk before the call is made a second time.
        Ok(Prepared { entry, state: Stage::Due { again: true, intent_written: !again } })
    }

    /// A divergence from `recorded`. Of what is asked now no more is shown than the journal would keep.
    fn diverged(&self, seq: u64, recorded: Option<&Entry>, call: Call<'_>) -> Interrupt {
        let request = self.redactor.document(&call.request).unwrap_or(call.request);
        let now = Asked { call: call.name.to_owned(), request };
        Interrupt::Diverged(Box::new(Divergence { seq, recorded: recorded.map(Asked::from), now: Some(now), line: None }))
    }

    /// A call that was never made: decides once whether it may be. A refusal is an answer like any other, so that a
    /// later change of limits or grants does not change what the guest was told.
    fn admit(&self, mut call: Call<'_>, seq: u64) -> Prepared {
        // Of the whole request, however much of it the journal keeps.
        let request_hash = call.hash();
        let refusal = self.too_large(&mut call).map(Stage::Refused).or_else(|| self.denial(&mut call)).or_else(|| self.cancelling(&call));
        let entry = Entry {
            run: self.run.clone(),
            seq,
            call: call.name.to_owned(),
            effect: call.effect,
            request_hash,
            request: self.redactor.document(&call.request).unwrap_or(call.request),
            state: EntryState::Intended,
            answer: None,
            repeated: false,
            asked_at: self.clock.now(),
            answered_at: None,
        };
        let state = refusal.unwrap_or(Stage::Due { again: false, intent_written: !call.effect.has_intent() });
        Prepared { entry, state }
    }

    /// Asks whether the call is allowed. Of a long request that is not, the journal keeps the size alone: whoever was
    /// granted nothing must not fill the disk.
    fn denial(&self, call: &mut Call<'_>) -> Option<Stage> {
        const KEPT: usize = 8 << 10;
        const LONGEST_NAME: usize = 4096;
        let long = call.needs.iter().any(|capability| capability.value.len() > LONGEST_NAME);
        let refusal = if long {
            let reason = format!("No name has more than {LONGEST_NAME} bytes; call what is granted by its own.");
            Some(Stage::Refused(CallError::invalid(reason)))
        } else {
            call.needs.iter().find_map(|capability| {
                let denial = self.authority.decide(capability).err()?;
                if !self.halt.is_cancelling() && self.authority.awaits_decision(capability) {
                    let subject = format!("{}={}", capability.kind, capability.value);
                    return Some(Stage::Undecided(Wait::needed(NeedKind::Grant, subject, denial.reason)));
                }
                Some(Stage::Denied(denial, CapabilityName { kind: capability.kind.to_owned(), value: excerpt(&capability.value) }))
            })
        };
        if refusal.is_some() && call.request.len() > KEPT {
            call.request = json!({ "refused": call.request.len() }).to_string();
        }
        refusal
    }

    /// What a run that is being cancelled is told where it would go on with its work.
    fn cancelling(&self, call: &Call<'_>) -> Option<Stage> {
        (self.halt.is_cancelling() && call.ends_with_cancelling()).then(|| Stage::Refused(CallError::cancelling()))
    }

    /// What the audit log is told of a call that was denied: once, together with its answer.
    fn denied(&self, entry: &Entry, reason: &str, capability: Option<CapabilityName>) -> Draft {
        let (plugin, call, reason) = (self.authority.speaks_for(), entry.call.clone(), reason.to_owned());
        Draft::of_run(&entry.run, &Denied { plugin, seq: entry.seq, call, capability, reason })
    }

    /// Refuses a request above the limit, of which the journal then keeps the size alone.
    fn too_large(&self, call: &mut Call<'_>) -> Option<CallError> {
        let (size, most) = (call.request.len(), self.limits.payload);
        if size <= most {
            return None;
        }
        call.request = json!({ "too-large": size }).to_string();
        Some(CallError::invalid(format!(
            "A request of {size} bytes is more than the {most} that one call may carry; send less, or in parts."
        )))
    }

    /// Writes down, in one step, what is about to be done.
    pub async fn intend(&self, calls: &mut [Prepared]) -> Result<(), Interrupt> {
        let mut writes = Vec::new();
        for call in calls {
            if let Stage::Due { again, intent_written } = &mut call.state
                && !*intent_written
            {
                *intent_written = true;
                self.notes.begin(&call.entry);
                let events = if *again { vec![repeated(&call.entry)] } else { Vec::new() };
                writes.push(Write { entry: call.entry.clone(), events });
            }
        }
        if !writes.is_empty() {
            self.journal.write(writes).await?;
        }
        Ok(())
    }

    /// Writes down what came of a call, and only then gives it to the guest. `performed` is none for a call that
    /// had no attempt.
    pub async fn settle<A>(&mut self, prepared: Prepared, performed: Option<Performed<A>>) -> Result<Result<A, CallError>, Interrupt>
    where
        A: Serialize + DeserializeOwned,
    {
        let Prepared { mut entry, state } = prepared;
        let may_have_happened = self.notes.end(&mut entry);
        match (state, performed) {
            (Stage::Replayed(answer), _) => replayed(&entry, &answer),
            (Stage::Refused(refusal), _) => self.answer(entry, Err(refusal), Vec::new()).await,
            (Stage::Denied(denial, capability), _) => {
                let subject = format!("{}={}", capability.kind, capability.value);
                let event = self.denied(&entry, &denial.reason, Some(capability));
                let error = CallError::denied(denial.reason).about(subject);
                self.answer(entry, Err(error), vec![event]).await
            }
            (Stage::Undecided(wait), _) => {
                self.release(entry).await?;
                Err(Interrupt::Suspended(self.clean_wait(wait)))
            }
            (Stage::Due { .. }, Some(Performed::Answered(answer, mut events))) => {
                // What an interface denies beside the gate is told like what the gate does.
                if let Err(CallError { kind: ErrorKind::Denied, text: reason, .. }) = &answer {
                    events.push(self.denied(&entry, reason, None));
                }
                self.answer(entry, answer, events).await
            }
            (Stage::Due { intent_written, .. }, Some(Performed::Waiting(wait))) => {
                match entry.effect.repeat() {
                    Repeat::Freely if !intent_written => self.journal.write(vec![Write { entry, events: Vec::new() }]).await?,
                    Repeat::Freely => {}
                    // Whoever says that the call waits says that it was not made: the next try is no repetition. Of one that
                    // may have been made before, the entry stays intended, so that the next try is.
                    Repeat::Flagged | Repeat::Never if may_have_happened => {}
                    Repeat::Flagged | Repeat::Never => self.release(entry).await?,
                }
                Err(Interrupt::Suspended(self.clean_wait(wait)))
            }
            (Stage::Due { .. }, Some(Performed::Paused { pause, happened })) => {
                if !happened && !may_have_happened {
                    self.release(entry).await?;
                }
                Err(Pause { reason: self.redactor.text(&pause.reason).into_owned(), ..pause }.into())
            }
            (Stage::Due { .. }, Some(Performed::Continued(input))) => {
                let (input, at) = (self.redactor.value(input), self.clock.now().max(self.now()));
                Err(Interrupt::Continued(Box::new(Continuation { seq: entry.seq, input, at })))
            }
            // An attempt was handed out and nothing was made of it: the entry stays intended, which is the truth.
            (Stage::Due { .. }, None) => Err(Interrupt::Stopped),
        }
    }

    async fn answer<A: Serialize + DeserializeOwned>(
        &mut self,
        mut entry: Entry,
        answer: Result<A, CallError>,
        events: Vec<Draft>,
    ) -> Result<Result<A, CallError>, Interrupt> {
        let kept = Kept::from(answer);
        let mut text = to_json(&kept)?;
        let mut answer = Result::from(kept);
        if let Some(clean) = self.redactor.document(&text) {
            (text, answer) = blotted(clean)?;
        }
        if text.len() > self.limits.payload {
            let error = CallError::invalid(format!(
                "The answer has {} bytes, more than the {} that one call may carry; ask for less.",
                text.len(),
                self.limits.payload
            ));
            text = to_json(&Kept::<A>::Err(error.clone()))?;
            answer = Err(error);
        }
        let emitted = entry.effect == Effect::Emit;
        let now = self.clock.now().max(self.now());
        entry.state = EntryState::Done;
        entry.answer = Some(text);
        entry.answered_at = Some(now);
        let events = events.into_iter().map(|event| event.map(|data| self.redactor.value(data))).collect();
        let write = Write { entry, events };
        if emitted {
            self.journal.enqueue(write).await?;
        } else {
            self.journal.write(vec![write]).await?;
        }
        self.now.store(now, Ordering::Relaxed);
        Ok(answer)
    }

    fn clean_wait(&self, wait: Wait) -> Wait {
        let clean = |text: &str| self.redactor.text(text).into_owned();
        match wait {
            Wait::Account { account, until, reason } => Wait::Account { account, until, reason: clean(&reason) },
            Wait::Needed(needed) => Wait::Needed(needed.map(&clean)),
            other => other,
        }
    }

    async fn release(&self, mut entry: Entry) -> Result<(), StorageError> {
        entry.state = EntryState::Released;
        self.journal.write(vec![Write { entry, events: Vec::new() }]).await
    }
}

/// An answer out of which a secret was blotted, as it is written and as the guest gets it.
fn blotted<A: Serialize + DeserializeOwned>(clean: String) -> Result<(String, Result<A, CallError>), StorageError> {
    if let Ok(kept) = serde_json::from_str::<Kept<A>>(&clean) {
        return Ok((clean, kept.into()));
    }
    let error = CallError::other("The answer held a secret of the operator in a place where it cannot be left out.");
    Ok((to_json(&Kept::<A>::Err(error.clone()))?, Err(error)))
}

/// Whether a call is the one in the journal: by its request as it is spelled, by the hash of that, or, where that was not kept,
/// by the document.
fn is_same(entry: &Entry, call: &Call<'_>) -> bool {
    let is_same_document = || form::canonical(&form::read(&entry.request)) == form::canonical(&form::read(&call.request));
    entry.call == call.name && (entry.request == call.request || entry.request_hash == call.hash() || is_same_document())
}

pub(super) fn to_json(value: &impl Serialize) -> Result<String, StorageError> {
    serde_json::to_string(value).map_err(|error| no_form(&error))
}

pub(super) fn no_form(error: &serde_json::Error) -> StorageError {
    StorageError::write("the journal", format!("The call has no JSON form: {error}.")).of_run()
}

/// An answer that cannot be read stops this run alone: the journals of others say nothing about it.
fn replayed<A: DeserializeOwned>(entry: &Entry, answer: &str) -> Result<Result<A, CallError>, Interrupt> {
    serde_json::from_str::<Kept<A>>(answer).map(Result::from).map_err(|error| unreadable(entry, &error.to_string()).into())
}

fn unreadable(entry: &Entry, error: &str) -> Pause {
    Pause::new(
        PauseKind::Unreadable,
        format!(
            "The answer of call {seq} ({call}) in the journal of run {run} cannot be read: {error}. Restore the data directory from a copy \
             and resume the run, or make the call again in a fork.",
            seq = entry.seq,
            call = entry.call,
            run = entry.run.short(),
            error = excerpt(error),
        ),
    )
    .forked_at(entry.seq)
}

pub(super) fn repeated(entry: &Entry) -> Draft {
    Draft::of_run(&entry.run, &Repeated { seq: entry.seq, call: entry.call.clone(), possible_double_charge: true })
}

fn ambiguous(entry: &Entry) -> Pause {
    Pause::new(
        PauseKind::Ambiguous,
        format!(
            "Call {seq} ({call}) was cut off and may or may not have taken effect, and it cannot be done twice. Check what it was to \
             change before a fork makes it again.",
            seq = entry.seq,
            call = entry.call,
        ),
    )
    .forked_at(entry.seq)
}
