//! What a conversation asks: the models behind the host, or a test's script. Keeps nothing of what is said.

use super::Window;
use crate::llm::{self, Reply, Request};
use crate::{Error, ErrorKind, Result, run, waits};

/// The signal by which an operator says something to a model that is stuck.
const ADVICE: &str = "advice";

/// Whatever answers a request: the host's models, or a test's script.
///
/// ```
/// # use baton_sdk::{conversation::{Conversation, Model}, llm::{Reply, Request}, prelude::*, testing};
/// /// Gives these replies, one after the other.
/// struct Script(Vec<&'static str>);
///
/// impl Model for Script {
///     fn ask(&mut self, _: &Request) -> Result<Reply> {
///         Ok(testing::says(self.0.remove(0)))
///     }
/// }
///
/// let answer = Conversation::default().hold(&mut Script(vec!["", "Paris."]), "What is the capital of France?");
/// assert_eq!(answer.map(|answer| (answer.text, answer.turns)), Ok(("Paris.".to_owned(), 2)));
/// ```
pub trait Model {
    /// One completion.
    fn ask(&mut self, request: &Request) -> Result<Reply>;

    /// The conversation is stuck for this reason. Returns once it can continue, with what people say to the model; where it
    /// cannot, as here unless a model says otherwise, the reason is the error.
    fn pause(&mut self, reason: &str) -> Result<Option<String>> {
        Err(Error::other(reason))
    }

    /// What the model has room for. Asked when a conversation begins, and when it continues after a pause.
    fn window(&mut self, _model: Option<&str>) -> Result<Window> {
        Ok(Window::default())
    }
}

/// The models behind the host. Stuck, the run is paused until its operator resumes it; a signal `advice` that was sent to the
/// run by then, a text, is told to the model.
///
/// ```
/// # use baton_sdk::{conversation::{Conversation, HostModel}, prelude::*, testing::{self, Host}};
/// fn ask() -> Result<String> {
///     Ok(Conversation::default().hold(&mut HostModel, "What is the capital?")?.text)
/// }
/// # let host = Host::new().resumes(1).with_signal_after("advice", 0, "That of France.").with_model(|request| {
/// #     let last = format!("{:?}", request.messages.last());
/// #     Some(testing::says(if last.contains("That of France.") { "Paris." } else { "" }))
/// # });
/// # assert_eq!(host.inside(ask), Ok("Paris.".to_owned()));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct HostModel;

impl Model for HostModel {
    fn ask(&mut self, request: &Request) -> Result<Reply> {
        llm::complete(request)
    }

    fn window(&mut self, model: Option<&str>) -> Result<Window> {
        let described = llm::describe(model)?;
        Ok(Window { tokens: described.window_tokens, reply_tokens: described.max_output_tokens })
    }

    fn pause(&mut self, reason: &str) -> Result<Option<String>> {
        run::pause(&format!(
            "{reason} Resuming the run continues the conversation, with `--model PROVIDER/MODEL` with another model. To tell the model \
             something, first send the run a signal: `baton runs signal RUN {ADVICE} '\"TEXT\"'`."
        ))?;
        advice()
    }
}

/// What the operator sent, if it is there already.
fn advice() -> Result<Option<String>> {
    match waits::signal::<String>(ADVICE)?.wait_until(0) {
        Ok(advice) => Ok(Some(advice)),
        Err(error) if error.kind == ErrorKind::TimedOut => Ok(None),
        // A signal that is not a text is the operator's mistake, and no reason to end the run.
        Err(error) if error.kind == ErrorKind::Invalid => Ok(None),
        Err(error) => Err(error),
    }
}
