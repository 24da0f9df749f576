//! What an operator who watches a host is told, read from the log of events. Words nothing, and looks nothing up.

use crate::{
    app::events::{Moved, Published, Rejected, Removed},
    events::{Payload, read_payload},
    interfaces::people::events::{QuestionAnswered, QuestionAsked, QuestionWithdrawn},
    journal::PluginVersion,
    kernel::events::{Cancelled, Created, Failed, Paused, Provided, Resumed, Retired, Succeeded, Waiting},
    operations::{
        events::Event,
        runs::{NeedKind, QuestionId, Wait},
    },
};

/// What an event says to an operator who watches a host.
#[derive(Clone, Debug, PartialEq)]
pub enum HostHappening {
    /// A run was started, not by another run.
    Started {
        /// Its plugin.
        plugin: String,
    },
    /// A run waits.
    Waits {
        /// For what.
        wait: Wait,
    },
    /// What a run waited for was provided.
    Provided {
        /// What it was.
        kind: NeedKind,
    },
    /// A run is paused.
    Paused {
        /// Why.
        reason: String,
    },
    /// A run was resumed.
    Resumed,
    /// A run succeeded.
    Succeeded,
    /// A run failed.
    Failed {
        /// Why.
        reason: String,
    },
    /// A run was cancelled.
    Cancelled,
    /// A question was asked.
    Asked {
        /// Its id.
        question: QuestionId,
    },
    /// A question has its answer.
    Answered {
        /// Its id.
        question: QuestionId,
    },
    /// A question was withdrawn.
    Withdrawn {
        /// Its id.
        question: QuestionId,
    },
    /// A plugin is in use from now on.
    Installed {
        /// Its name.
        plugin: String,
        /// Its version.
        version: String,
        /// Whether it replaces another version.
        replaces: bool,
    },
    /// The file of a plugin has another name.
    Moved {
        /// The plugin.
        plugin: String,
        /// Its version.
        version: String,
        /// The file.
        file: String,
    },
    /// A plugin was removed.
    Removed {
        /// Its name.
        plugin: String,
        /// Its version.
        version: String,
    },
    /// A file was removed that had been rejected.
    RejectedFileRemoved {
        /// The file.
        file: String,
    },
    /// No run needs a version of a plugin any more.
    Retired {
        /// The plugin.
        plugin: String,
        /// The version.
        version: String,
    },
    /// A file in the plugin folder is rejected.
    FileRejected {
        /// The file.
        file: String,
        /// Why.
        reason: String,
        /// The plugin of which a version stays in use, and the version.
        kept: Option<(String, String)>,
    },
}

/// What an event says to an operator who watches a host; none where it says nothing.
pub fn read_host_happening(event: &Event) -> Option<HostHappening> {
    of_run(event).or_else(|| of_question(event)).or_else(|| of_plugin(event))
}

fn of_run(event: &Event) -> Option<HostHappening> {
    if let Some(Created { plugin, parent: None, .. }) = read(event) {
        return Some(HostHappening::Started { plugin });
    }
    if let Some(Waiting { wait }) = read(event) {
        return Some(HostHappening::Waits { wait: crate::journal::Wait::from(wait).into() });
    }
    let provided = read(event).map(|Provided { kind, .. }| HostHappening::Provided { kind: kind.into() });
    let paused = || read(event).map(|Paused { reason, .. }| HostHappening::Paused { reason });
    let resumed = || read(event).map(|Resumed {}| HostHappening::Resumed);
    let succeeded = || read(event).map(|Succeeded {}| HostHappening::Succeeded);
    let failed = || read(event).map(|Failed { reason, .. }| HostHappening::Failed { reason });
    let cancelled = || read(event).map(|Cancelled { .. }| HostHappening::Cancelled);
    provided.or_else(paused).or_else(resumed).or_else(succeeded).or_else(failed).or_else(cancelled)
}

fn of_question(event: &Event) -> Option<HostHappening> {
    let asked = read(event).map(|QuestionAsked { question, .. }| HostHappening::Asked { question });
    let answered = || read(event).map(|QuestionAnswered { question, .. }| HostHappening::Answered { question });
    let withdrawn = || read(event).map(|QuestionWithdrawn { question }| HostHappening::Withdrawn { question });
    asked.or_else(answered).or_else(withdrawn)
}

fn of_plugin(event: &Event) -> Option<HostHappening> {
    if let Some(Published { plugin, version, replaced, .. }) = read(event) {
        return Some(HostHappening::Installed { plugin, version, replaces: replaced.is_some() });
    }
    if let Some(Moved { plugin, version, file, .. }) = read(event) {
        return Some(HostHappening::Moved { plugin, version, file });
    }
    if let Some(Removed { plugin, file, rejected }) = read(event) {
        let (plugin, version) = named(plugin);
        return Some(if rejected { HostHappening::RejectedFileRemoved { file } } else { HostHappening::Removed { plugin, version } });
    }
    if let Some(Rejected { file, reason, kept }) = read(event) {
        return Some(HostHappening::FileRejected { file, reason, kept: kept.map(named) });
    }
    read(event).map(|Retired { plugin }| {
        let (plugin, version) = named(plugin);
        HostHappening::Retired { plugin, version }
    })
}

fn named(plugin: PluginVersion) -> (String, String) {
    (plugin.plugin, plugin.version.unwrap_or_default())
}

fn read<P: Payload>(event: &Event) -> Option<P> {
    read_payload(event.category, &event.name, &event.data)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        events::{Category, EventLevel},
        operations::{Moment, events::kinds, events::sample::least},
    };

    fn event(category: Category, name: &str, data: Value) -> Event {
        let (name, level) = (name.to_owned(), EventLevel::Info);
        Event { cursor: 1, at: Moment(1), category, name, level, run: None, project: None, actor: None, data }
    }

    #[test]
    fn a_run_is_told_of_where_no_run_started_it() {
        let created = |data| read_host_happening(&event(Category::Run, "created", data));
        assert_eq!(created(json!({ "plugin": "plan" })), Some(HostHappening::Started { plugin: "plan".to_owned() }));
        assert_eq!(created(json!({ "plugin": "mary", "parent": "a" })), None);
    }

    #[test]
    fn a_file_that_was_rejected_is_told_from_a_plugin() {
        let removed = |data| read_host_happening(&event(Category::Plugin, "removed", data));
        let (plugin, version, file) = ("notes".to_owned(), "0.1.0".to_owned(), "a.wasm".to_owned());
        let data = json!({ "plugin": plugin, "version": version, "file": file });
        assert_eq!(removed(data), Some(HostHappening::Removed { plugin, version }));
        assert_eq!(removed(json!({ "file": file, "rejected": true })), Some(HostHappening::RejectedFileRemoved { file }));
    }

    #[test]
    fn every_question_and_every_end_is_told_of() {
        for kind in kinds() {
            let told = read_host_happening(&event(kind.category, kind.name, least(kind.category, kind.name)));
            let is_end = matches!(kind.name, "succeeded" | "failed" | "cancelled" | "paused");
            let is_expected = kind.category == Category::Run && is_end || kind.category == Category::Question && kind.name != "decided";
            assert!(!is_expected || told.is_some(), "{}", kind.name);
        }
        assert_eq!(read_host_happening(&event(Category::Run, "paused", json!({ "reason": 7 }))), None);
    }
}
