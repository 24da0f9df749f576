//! Whether what runs wait for, and an operator provides, is there. Looks, and changes nothing.

use super::{Services, llm::money::Payer};
use crate::journal::{NeedKind, Needed, RunId};

impl Services {
    /// Whether it is there for a run of the tree under `root`, in a project. What cannot be found out is not there.
    pub async fn provides(&self, run: &RunId, root: &RunId, project: &str, needed: &Needed) -> bool {
        match needed.kind {
            NeedKind::Key => self.keys.find(&needed.subject).is_some(),
            NeedKind::Budget => {
                // No call has this number, so none of its reservations is taken for another's.
                let payer = Payer { run: run.clone(), seq: 0, root: root.clone(), project: project.to_owned() };
                let Ok(wanted) = needed.subject.parse() else { return true };
                self.budgets.allow(&payer, wanted).await.unwrap_or(false)
            }
            NeedKind::Image => self.sandbox.has_image(&needed.subject).await,
            NeedKind::Engine => self.sandbox.about().await.is_ok(),
            // Decided by the kernel.
            NeedKind::Grant => false,
        }
    }
}
