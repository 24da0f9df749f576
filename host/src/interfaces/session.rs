//! All that one execution of a run can reach, and the part of it that each interface borrows. Dropped at its end.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;

use super::{
    Assets, Settings, agents, assets,
    backlog::{self, Backlog},
    children::Children,
    files::{self, Workspace},
    forge::{self, Forges, MergeAuthority},
    git::{self, Repositories},
    item_changes::ItemChanges,
    keys::Keys,
    knowledge::{self, Index, Memory},
    llm::{
        self, Provider,
        money::{Budgets, OwnPrices, Prices},
    },
    people::{self, Questions},
    published::Published,
    run::{self, About},
    sandbox::{self, Sandbox},
    sandbox_tools::Commands,
    settings,
    signals::Signals,
    state::{self, Documents},
    tickets::Tickets,
    toolboxes::Toolboxes,
    tools::{self, Builtin, Pins, Servers, Shelf},
    waits, workflows,
};
use crate::journal::Recorder;

/// What the interfaces need once per process.
pub struct Services {
    /// Starts runs.
    pub children: Arc<dyn Children>,
    /// Answers for every model.
    pub models: Arc<dyn Provider>,
    /// Finds keys that were set since the host began.
    pub keys: Arc<dyn Keys>,
    /// Keeps documents.
    pub documents: Arc<dyn Documents>,
    /// Keeps items.
    pub backlog: Arc<dyn Backlog>,
    /// Tells of changes of items.
    pub item_changes: Arc<dyn ItemChanges>,
    /// Keeps questions.
    pub questions: Arc<dyn Questions>,
    /// Keeps what runs show.
    pub published: Arc<dyn Published>,
    /// Keeps what operators sent to runs.
    pub signals: Arc<dyn Signals>,
    /// Knows what toolboxes declare.
    pub toolboxes: Arc<dyn Toolboxes>,
    /// The operator's tool servers.
    pub servers: Arc<Servers>,
    /// Knows in which form tools were granted.
    pub pins: Arc<dyn Pins>,
    /// Keeps what projects learned.
    pub memory: Arc<dyn Memory>,
    /// Settings that operators change while runs read them.
    pub live_settings: Arc<dyn settings::LiveSettings>,
    /// What models cost.
    pub prices: Prices,
    /// What the operator's settings say of that now.
    pub own_prices: Arc<dyn OwnPrices>,
    /// What was spent on models, and what may be.
    pub budgets: Arc<Budgets>,
    /// Finds passages.
    pub index: Arc<dyn Index>,
    /// Where the host keeps its own, out of reach of every run.
    pub own: Vec<PathBuf>,
    /// Everything that is done to repositories.
    pub repositories: Arc<Repositories>,
    /// Executes commands.
    pub sandbox: Arc<Sandbox>,
    /// Where pull requests are.
    pub forges: Arc<Forges>,
}

/// Where a run works, and by which settings.
pub struct SessionContext<'a> {
    /// The folder whose files it sees.
    pub workspace: &'a Path,
    /// Settings laid over each other, the later over the earlier; the last are those that the run was begun with.
    pub settings: &'a [Value],
    /// The files packed into its plugin.
    pub assets: Arc<Assets>,
}

/// All that one execution can reach.
pub struct Session {
    /// The gate.
    pub recorder: Recorder,
    about: About,
    assets: Arc<Assets>,
    settings: Settings,
    workspace: Arc<Workspace>,
    documents: Arc<dyn backlog::Documents>,
    shelf: Arc<Shelf>,
    spending: llm::Spending,
    tickets: Tickets,
    ordered: Option<MergeAuthority>,
    services: Arc<Services>,
}

/// Something that holds a session, such as the data of a store.
pub trait Holds: Send + 'static {
    /// The session.
    fn session(&mut self) -> &mut Session;
}

impl Session {
    /// A session in a place. Fails with a sentence when the workspace is gone.
    pub fn open(recorder: Recorder, about: About, place: SessionContext<'_>, services: Arc<Services>) -> Result<Self, String> {
        let workspace = Workspace::open_guarded(place.workspace, &services.own, Arc::clone(&services.repositories) as _);
        let workspace = Arc::new(workspace.map_err(|error| {
            let folder = place.workspace.display();
            format!("The workspace `{folder}` cannot be used: {error}. Put it back, then resume the run. If it was a worktree that was released, start the work again.")
        })?);
        let (settings, ordered) = (Settings::merge(place.settings), place.settings.last().and_then(MergeAuthority::read));
        let commands = Commands {
            sandbox: Arc::clone(&services.sandbox),
            workspace: workspace.root().to_owned(),
            wanted: build_setup_request(&about, &settings),
        };
        let shelf = Arc::new(Shelf {
            builtin: Arc::new(Builtin::new(Arc::clone(&workspace) as _, Arc::new(commands))),
            servers: Arc::clone(&services.servers),
            toolboxes: Arc::clone(&services.toolboxes),
            children: Arc::clone(&services.children),
            pins: Arc::clone(&services.pins),
            plugin: about.plugin.clone(),
        });
        let documents = Arc::clone(&workspace) as _;
        let (spending, tickets) = (llm::Spending::default(), Tickets::default());
        Ok(Self { recorder, about, assets: place.assets, settings, workspace, documents, shelf, spending, tickets, ordered, services })
    }

    pub(super) fn run(&mut self) -> run::View<'_> {
        run::View { recorder: &mut self.recorder, about: &self.about, published: &self.services.published }
    }

    pub(super) fn llm(&mut self) -> llm::View<'_> {
        llm::View {
            recorder: &mut self.recorder,
            provider: self.services.models.as_ref(),
            plugin: &self.about.plugin,
            preferences: &self.settings,
            spending: &mut self.spending,
            paying: llm::money::Paying {
                prices: &self.services.prices,
                budgets: &self.services.budgets,
                root: &self.about.root,
                project: &self.about.project,
            },
            workspace: &self.workspace,
        }
    }

    pub(super) fn files(&mut self) -> files::View<'_> {
        files::View { recorder: &mut self.recorder, workspace: &self.workspace }
    }

    pub(super) fn state(&mut self) -> state::View<'_> {
        state::View { recorder: &mut self.recorder, documents: &self.services.documents, project: &self.about.project.id }
    }

    pub(super) fn backlog(&mut self) -> backlog::View<'_> {
        backlog::View {
            recorder: &mut self.recorder,
            backlog: &self.services.backlog,
            documents: &self.documents,
            project: &self.about.project.id,
        }
    }

    pub(super) fn agents(&mut self) -> agents::View<'_> {
        agents::View { recorder: &mut self.recorder, tickets: &mut self.tickets, children: &self.services.children }
    }

    pub(super) fn workflows(&mut self) -> workflows::View<'_> {
        workflows::View { recorder: &mut self.recorder, tickets: &mut self.tickets, children: &self.services.children }
    }

    pub(super) fn waits(&mut self) -> waits::View<'_> {
        waits::View {
            recorder: &mut self.recorder,
            tickets: &mut self.tickets,
            signals: &self.services.signals,
            items: &self.services.item_changes,
            project: &self.about.project.id,
        }
    }

    pub(super) fn people(&mut self) -> people::View<'_> {
        people::View { recorder: &mut self.recorder, tickets: &mut self.tickets, questions: &self.services.questions }
    }

    pub(super) fn assets(&mut self) -> assets::View<'_> {
        assets::View { assets: &self.assets }
    }

    pub(super) fn settings(&mut self) -> settings::View<'_> {
        let (live, project) = (&self.services.live_settings, self.about.project.id.as_str());
        settings::View { recorder: &mut self.recorder, settings: &self.settings, live, project }
    }

    pub(super) fn knowledge(&mut self) -> knowledge::View<'_> {
        knowledge::View {
            recorder: &mut self.recorder,
            project: &self.about.project.id,
            preferences: &self.settings,
            library: knowledge::Library {
                documents: Arc::clone(&self.workspace) as _,
                memory: Arc::clone(&self.services.memory),
                index: Arc::clone(&self.services.index),
            },
        }
    }

    pub(super) fn git(&mut self) -> git::View<'_> {
        let About { project, root, plugin, pin, .. } = &self.about;
        let workspace = self.workspace.root().to_owned();
        let seat = git::RunContext { project: project.id.clone(), workspace, root: root.clone(), pin: pin.clone() };
        let advances = self.advances();
        let (recorder, repositories) = (&mut self.recorder, &self.services.repositories);
        git::View { recorder, repositories, seat, plugin, preferences: &self.settings, advances }
    }

    /// Bringing work into a person's branch is what merging a pull request is, so the same rule holds for it.
    fn advances(&self) -> git::Advances {
        match &self.ordered {
            _ if self.services.forges.lets_runs_merge(&self.about.project) => git::Advances::Granted,
            Some(ordered) => git::Advances::Ordered(ordered.into().to_owned()),
            None => git::Advances::None,
        }
    }

    pub(super) fn sandbox(&mut self) -> sandbox::View<'_> {
        let wanted = build_setup_request(&self.about, &self.settings);
        sandbox::View { recorder: &mut self.recorder, sandbox: &self.services.sandbox, workspace: self.workspace.root(), wanted }
    }

    pub(super) fn forge(&mut self) -> forge::View<'_> {
        forge::View {
            recorder: &mut self.recorder,
            forges: &self.services.forges,
            project: &self.about.project,
            folder: self.workspace.root(),
            pin: self.about.pin.as_ref(),
            author: &self.about.plugin,
            ordered: self.ordered.as_ref(),
        }
    }

    pub(super) fn tools(&mut self) -> tools::View<'_> {
        tools::View { recorder: &mut self.recorder, shelf: Arc::clone(&self.shelf) }
    }
}

/// What the commands of a run want.
fn build_setup_request(about: &About, settings: &Settings) -> sandbox::SetupRequest {
    let test = settings.get("test").unwrap_or_default();
    sandbox::SetupRequest::new(about.project.id.clone(), about.parent.clone(), test)
}

impl llm::Preferences for Settings {
    fn models(&self, key: &str) -> Vec<String> {
        // Of the plugins' tables a plugin sees nothing, and the model that is set for one is in there.
        match self.for_host(key) {
            Some(Value::String(model)) => vec![model.clone()],
            Some(Value::Array(models)) => models.iter().filter_map(|model| model.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        }
    }
}

impl git::Preferences for Settings {
    fn remote(&self) -> Option<String> {
        self.get("git.remote")?.as_str().map(str::to_owned)
    }

    fn lfs_pointers(&self) -> bool {
        self.get(git::LFS_POINTERS).is_some_and(|value| value.as_bool() == Some(true))
    }
}

impl knowledge::Preferences for Settings {
    fn documents(&self) -> Option<Vec<String>> {
        self.get("knowledge.documents")?.as_array()?.iter().map(|glob| glob.as_str().map(str::to_owned)).collect()
    }
}
