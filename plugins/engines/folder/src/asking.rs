//! Questions: what the folder asks is answered by the slot `decide`, from what the project knows or by a person. Approvals of
//! what was written go to people directly. Where the run asks nobody, the agent answers.

use baton_sdk::people::Question;
use baton_sdk::prelude::*;

use crate::runner::Runner;

/// The slot of what answers questions, or has a person answer them.
const DECIDE: &str = "decide";
/// Bytes of a question, and of what is told with it.
const LONGEST_QUESTION: usize = 4 << 10;
const LONGEST_CONTEXT: usize = 8 << 10;
/// What a person says to be asked nothing more.
const YOLO: &str = "#yolo";

impl Runner<'_> {
    /// The answer to a question of the folder.
    pub(crate) fn ask(&mut self, question: &str) -> Result<String> {
        let answer = if self.yolo { self.answer_for_person(question)? } else { self.decide_question(question)? };
        Ok(self.heard(answer))
    }

    /// The answer of a person, to what only a person can say.
    pub(crate) fn ask_person(&mut self, question: &Question) -> Result<String> {
        let answer = people::ask(question)?;
        Ok(self.heard(answer))
    }

    fn heard(&mut self, answer: String) -> String {
        self.yolo |= answer.contains(YOLO);
        let answer = answer.replace(YOLO, "").trim().to_owned();
        self.last_answer = Some(answer.clone());
        answer
    }

    fn decide_question(&mut self, question: &str) -> Result<String> {
        let text = cut(question, LONGEST_QUESTION);
        let text = if text.trim().is_empty() { "Continue?" } else { text };
        let tail = self.history.len().saturating_sub(LONGEST_CONTEXT);
        let history = &self.history[self.history.ceil_char_boundary(tail)..];
        let context = format!("Step {} of the workflow {}.\n{history}", self.step_name(), self.plan.name);
        let input = json!({ "question": text, "context": context.trim() });
        match workflows::start::<Value, _>(DECIDE, &input).and_then(Pending::wait) {
            Ok(outcome) => match outcome.output["answer"].as_str() {
                Some(answer) => Ok(answer.to_owned()),
                None => people::ask(&Question::new(text)),
            },
            Err(error) if error.ends_the_run() => Err(error),
            // What decides may be missing, or not granted; a person is there all the same.
            Err(error) => {
                run::warn(&format!("`{DECIDE}` gave no answer, so a person is asked: {error}"));
                people::ask(&Question::new(text))
            }
        }
    }
}

fn cut(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}
