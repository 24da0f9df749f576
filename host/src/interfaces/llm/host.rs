//! Implements `llm` of the contract.

use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::json;

use super::{
    DOLLARS, MODELS, Reply, Request, View,
    asking::Asker,
    attaching::Attaching,
    chain::{pauses_when_uncertain, resolve},
    convert,
    describing::Description,
};
use crate::{
    bindings::{
        Fault,
        llm::{self, Host},
        types,
    },
    journal::{Authority, Call, CallError, Capability, Effect, Interrupt, Pause, Performed},
};

/// Requests one `complete-all` may carry; more than any provider serves at once.
const MOST_AT_ONCE: usize = 64;

impl Host for View<'_> {
    async fn describe(&mut self, model: Option<String>) -> Result<llm::ModelDescription, Fault> {
        refuse_script(model.as_deref())?;
        let call = Call::new("llm.describe", Effect::Read, &json!({ "model": model }))?;
        let described = match resolve(model.as_deref(), self.plugin, self.preferences) {
            Ok(models) => Performed::answer(Ok(Description::of(&models, self.provider))),
            Err(pause) => Performed::Paused { pause, happened: false },
        };
        Ok(self.recorder.call(call, |_| async move { described }).await??.into())
    }

    async fn complete(&mut self, request: llm::Request) -> Result<llm::Reply, Fault> {
        let (request, chain) = self.understand(request)?;
        let call = self.call(&request, &chain)?;
        let authority = self.recorder.authority();
        let asker = self.asker(authority.as_ref());
        let chain = chain.as_deref().map_err(Pause::clone);
        let reply = self.recorder.call(call, |attempt| asker.ask(attempt, chain, &request)).await??;
        self.spending.add(&reply);
        Ok(convert::reply(reply))
    }

    async fn complete_all(&mut self, requests: Vec<llm::Request>) -> wasmtime::Result<Vec<Result<llm::Reply, types::Error>>> {
        if requests.len() > MOST_AT_ONCE {
            let refusal = CallError::invalid(format!(
                "{} requests at once are more than the {MOST_AT_ONCE} allowed; send them in parts.",
                requests.len()
            ));
            return Ok(requests.iter().map(|_| Err(refusal.clone().into())).collect());
        }
        let understood: Vec<_> = requests.into_iter().map(|request| self.understand(request)).collect();
        let answers = self.ask_all(understood).await.map_err(wasmtime::Error::new)?;
        Ok(answers.into_iter().map(|answer| answer.map(convert::reply).map_err(types::Error::from)).collect())
    }
}

crate::bindings::convert_faults!(View<'_>);

/// A request, and the models it is for, in order: none that is set is for the operator to mend.
type Understood = Result<(Request, Result<Vec<String>, Pause>), CallError>;

impl<'a> View<'a> {
    fn understand(&self, request: llm::Request) -> Understood {
        let request = convert::request(request, self.workspace)?;
        refuse_script(request.model.as_deref())?;
        let chain = resolve(request.model.as_deref(), self.plugin, self.preferences);
        Ok((request, chain))
    }

    fn asker<'b>(&self, authority: &'b dyn Authority) -> Asker<'b>
    where
        'a: 'b,
    {
        let (run, now) = (self.recorder.run().clone(), self.recorder.clock());
        let attaching = Attaching::new(self.workspace);
        let (halt, notes, is_strict) = (self.recorder.halt(), self.recorder.notes(), pauses_when_uncertain(self.preferences));
        let (provider, plugin, paying) = (self.provider, self.plugin, self.paying);
        Asker { provider, halt, notes, is_strict, attaching, authority, plugin, run, now, paying }
    }

    /// Each request is a call of its own: what has been answered is kept even when another one never is.
    async fn ask_all(&mut self, understood: Vec<Understood>) -> Result<Vec<Result<Reply, CallError>>, Interrupt> {
        let mut answers: Vec<Option<Result<Reply, CallError>>> = Vec::with_capacity(understood.len());
        let (mut calls, mut places) = (Vec::new(), Vec::new());
        for (place, one) in understood.iter().enumerate() {
            match one {
                Ok((request, chain)) => {
                    let call = self.call(request, chain)?;
                    calls.push(self.recorder.prepare(call)?);
                    places.push(place);
                    answers.push(None);
                }
                Err(error) => answers.push(Some(Err(error.clone()))),
            }
        }
        let _made_to_their_end = self.recorder.halt().calling().await;
        self.recorder.intend(&mut calls).await?;
        let authority = self.recorder.authority();
        let (asker, halt) = (self.asker(authority.as_ref()), self.recorder.halt());
        let mut asking = FuturesUnordered::new();
        for (prepared, place) in calls.into_iter().zip(places) {
            let (asker, halt, one) = (&asker, &halt, &understood[place]);
            asking.push(async move {
                let performed = match (prepared.attempt(), one) {
                    (Some(attempt), Ok((request, chain))) => {
                        let asked = asker.ask(attempt, chain.as_deref().map_err(Pause::clone), request);
                        halt.in_time(prepared.effect(), asked).await
                    }
                    _ => None,
                };
                (place, prepared, performed)
            });
        }
        let mut interrupt = None;
        while let Some((place, prepared, performed)) = asking.next().await {
            // One that has to pause the run must not lose the answers of the others.
            match self.recorder.settle(prepared, performed).await {
                Ok(answer) => answers[place] = Some(answer),
                Err(first) => interrupt = interrupt.or(Some(first)),
            }
        }
        if let Some(interrupt) = interrupt {
            return Err(interrupt);
        }
        let answers: Vec<_> = answers.into_iter().flatten().collect();
        // In the order asked and not in that of the answers, so that a replay adds up to the same.
        answers.iter().flatten().for_each(|reply| self.spending.add(reply));
        Ok(answers)
    }

    /// The call needs the first model alone: the others of the chain are decided on when it comes to them, so that what the
    /// operator sets changes neither the request nor whether a plugin may ask at all.
    fn call(&self, request: &Request, chain: &Result<Vec<String>, Pause>) -> Result<Call<'static>, Interrupt> {
        let call = Call::new("llm.complete", Effect::Model, request)?;
        let call = match chain.as_deref() {
            Ok([first, ..]) => {
                call.needing(Capability::new(MODELS.word, first.clone())).needing(Capability::new(DOLLARS.word, self.spending.to_string()))
            }
            _ => call,
        };
        Ok(request.media().fold(call, |call, media| call.needing(self.workspace.needs(&media.path))))
    }
}

/// A script reads and writes files beside it, which a plugin must not get with the grant of a model.
fn refuse_script(model: Option<&str>) -> Result<(), CallError> {
    if model.is_some_and(|model| model.starts_with("script/")) {
        return Err(CallError::invalid("Only the operator can let a script answer, with --model; ask for another model, or for none."));
    }
    Ok(())
}
