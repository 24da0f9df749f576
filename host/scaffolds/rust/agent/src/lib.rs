//! Summarises what it is given.
use baton_sdk::conversation::{Conversation, HostModel};
use baton_sdk::prelude::*;

struct Summariser;

impl Agent for Summariser {
    fn perform(task: Task) -> Result<Report> {
        let system = "You summarise what you are given for a reader who has one minute.";
        let conversation = Conversation { system: Some(system.to_owned()), ..Conversation::default() };
        let answer = conversation.hold(&mut HostModel, &format!("{}\n\n{}", task.goal, task.context))?;
        Ok(Report::new(answer.text, "Summarised"))
    }
}

baton_sdk::export!(agent Summariser);

#[cfg(test)]
mod tests {
    use super::*;
    use baton_sdk::testing::Host;

    #[test]
    fn answers_with_what_the_model_says() {
        let host = Host::new().with_manifest(include_str!("../plugin.toml")).when("a long text", "a short one");
        let outcome = host.perform(Summariser::perform, Task::new("Summarise a long text"));
        assert_eq!(outcome.map(|outcome| outcome.answer), Ok("a short one".to_owned()));
    }
}
