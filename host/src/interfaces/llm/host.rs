//! Implements `llm` of the contract.

use futures::{StreamExt, stream::FuturesUnordered};
use serde_json::json;

use super::{Caller, Charge, DOLLARS, MODELS, Provider, ProviderError, Reply, Request, Spending, View, convert, resolve};
use crate::{
    bindings::{
        Fault,
        llm::{self, Host},
        types,
    },
    events::{Category, Draft},
    journal::{Attempt, Call, CallError, Capability, Effect, Interrupt, Pause, PauseKind, Performed, RunId},
};

/// Requests one `complete-all` may carry; more than any provider serves at once.
const MOST_AT_ONCE: usize = 64;

impl Host for View<'_> {
    async fn complete(&mut self, request: llm::Request) -> Result<llm::Reply, Fault> {
        let (request, model) = self.understand(request)?;
        let call = call(&request, &model, self.spending)?;
        let asker = self.asker();
        let reply = self.recorder.call(call, |attempt| asker.ask(attempt, model, &request)).await??;
        self.spending.add(&reply);
        Ok(convert::reply(reply))
    }

    async fn complete_all(&mut self, requests: Vec<llm::Request>) -> wasmtime::Result<Vec<Result<llm::Reply, types::Error>>> {
        if requests.len() > MOST_AT_ONCE {
            let refusal = CallError::Invalid(format!(
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

/// A request, and the model it is for: none that is set is for the operator to mend.
type Understood = Result<(Request, Result<String, Pause>), CallError>;

impl<'a> View<'a> {
    fn understand(&self, request: llm::Request) -> Understood {
        let request = convert::request(request)?;
        if request.model.as_ref().is_some_and(|model| model.starts_with("script/")) {
            // A script reads and writes files beside it, which is nobody's to have for the grant of a model.
            return Err(CallError::Invalid(
                "Only the operator can let a script answer, with --model; ask for another model, or for none.".to_owned(),
            ));
        }
        let model = resolve(request.model.as_deref(), self.plugin, self.preferences);
        Ok((request, model))
    }

    fn asker(&self) -> Asker<'a> {
        Asker { provider: self.provider, plugin: self.plugin, run: self.recorder.run().clone() }
    }

    /// Each request is a call of its own: what has been answered is kept even when another one never is.
    async fn ask_all(&mut self, understood: Vec<Understood>) -> Result<Vec<Result<Reply, CallError>>, Interrupt> {
        let mut answers: Vec<Option<Result<Reply, CallError>>> = Vec::with_capacity(understood.len());
        let (mut calls, mut places) = (Vec::new(), Vec::new());
        for (place, one) in understood.iter().enumerate() {
            match one {
                Ok((request, model)) => {
                    calls.push(self.recorder.prepare(call(request, model, self.spending)?)?);
                    places.push(place);
                    answers.push(None);
                }
                Err(error) => answers.push(Some(Err(error.clone()))),
            }
        }
        self.recorder.intend(&mut calls).await?;
        let asker = self.asker();
        let mut asking = FuturesUnordered::new();
        for (prepared, place) in calls.into_iter().zip(places) {
            let (asker, one) = (&asker, &understood[place]);
            asking.push(async move {
                let performed = match (prepared.attempt(), one) {
                    (Some(attempt), Ok((request, model))) => Some(asker.ask(attempt, model.clone(), request).await),
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
}

fn call(request: &Request, model: &Result<String, Pause>, spending: &Spending) -> Result<Call<'static>, Interrupt> {
    let call = Call::new("llm.complete", Effect::Model, request)?;
    Ok(match model {
        Ok(model) => call.needing(Capability::new(MODELS.word, model.clone())).needing(Capability::new(DOLLARS.word, spending.to_string())),
        Err(_) => call,
    })
}

struct Asker<'a> {
    provider: &'a dyn Provider,
    plugin: &'a str,
    run: RunId,
}

impl Asker<'_> {
    async fn ask(&self, attempt: Attempt, model: Result<String, Pause>, request: &Request) -> Performed<Reply> {
        let model = match model {
            Ok(model) => model,
            Err(pause) => return Performed::Paused { pause, happened: false },
        };
        let caller = Caller { plugin: self.plugin, idempotency_key: &attempt.key };
        match self.provider.complete(caller, &model, request).await {
            Ok(reply) => {
                let event = self.completed(&attempt, &reply);
                Performed::Answered(Ok(reply), vec![event])
            }
            Err(error) => Performed::Paused { happened: error.charged() == Charge::Maybe, pause: pause(&error) },
        }
    }

    fn completed(&self, attempt: &Attempt, reply: &Reply) -> Draft {
        let data = json!({
            "seq": attempt.seq,
            "plugin": self.plugin,
            "model": reply.model,
            "input-tokens": reply.usage.input_tokens,
            "cached-input-tokens": reply.usage.cached_input_tokens,
            "output-tokens": reply.usage.output_tokens,
            "cost-usd": reply.usage.cost_usd,
            "stop": reply.stop,
        });
        Draft::of_run(Category::Llm, "completed", &self.run, data)
    }
}

fn pause(error: &ProviderError) -> Pause {
    match error {
        ProviderError::Unanswered { .. } => Pause::new(PauseKind::Unanswered, error.to_string()),
        // A request that no repetition mends may still be mended by another model: what was paid for is kept.
        ProviderError::Invalid { .. } | ProviderError::UnknownModel { .. } => Pause::new(
            PauseKind::Provider,
            format!("{error} Or resume the run with another model: `baton runs resume RUN --model provider/model`."),
        ),
        _ => Pause::new(PauseKind::Provider, error.to_string()),
    }
}
