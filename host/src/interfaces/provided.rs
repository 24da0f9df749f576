//! Whether what runs wait for, and an operator provides, is there. Looks, and changes nothing.

use super::{Services, llm::money::Payer};
use crate::journal::{NeedKind, Needed, RunId};

impl Services {
    /// Whether it is there for a run of the tree under `root`, in a project. What cannot be found out is not there.
    pub async fn provides(&self, run: &RunId, root: &RunId, project: &str, needed: &Needed) -> bool {
        // No call has this number, so none of its reservations is taken for another's.
        let payer = || Payer { run: run.clone(), seq: 0, root: root.clone(), project: project.to_owned() };
        match needed.kind {
            NeedKind::Key => {
                let name = needed.subject.as_str();
                self.keys.all(name).iter().any(|key| !needed.rejected.contains(&self.keys.mark(name, key)))
            }
            NeedKind::Budget => {
                let Ok(wanted) = needed.subject.parse() else { return true };
                self.budgets.allow(&payer(), wanted).await.unwrap_or(false)
            }
            NeedKind::Price => {
                self.prices.read_again(self.own_prices.as_ref());
                self.prices.of(&needed.subject).is_some() || self.budgets.limits(&payer()).await.is_ok_and(|limits| limits.is_empty())
            }
            NeedKind::Image => self.sandbox.has_image(&needed.subject).await,
            NeedKind::Engine => self.sandbox.about().await.is_ok(),
            // Decided by the kernel.
            NeedKind::Grant => false,
        }
    }
}
