//! The documents about the product as a whole.

use super::{document, line, list, section, table};
use crate::documents::{Analysis, Architecture, Requirements, TestStrategy};
use crate::open::Settled;

/// The analysis, as the next agent reads it, with what its open questions came to.
pub(crate) fn analysis(analysis: &Analysis, settled: &[Settled]) -> String {
    let answers = settled.iter().map(|settled| {
        let origin = if settled.asked { "said by a person" } else { "assumed" };
        format!("{} {} ({origin})", settled.question, settled.answer)
    });
    document(
        &analysis.title,
        [
            analysis.summary.clone(),
            section("Users", &list(&analysis.users)),
            section("Goals", &list(&analysis.goals)),
            section("Constraints", &list(&analysis.constraints)),
            section("Risks", &list(&analysis.risks)),
            section("What the brief leaves open", &list(&answers.collect::<Vec<_>>())),
        ],
    )
}

/// What limits a design, from the analysis.
pub(crate) fn constraints(analysis: &Analysis) -> String {
    format!("{}\n\n{}", section("Constraints", &list(&analysis.constraints)), section("Risks", &list(&analysis.risks)))
}

/// `docs/PRD.md`.
pub(crate) fn requirements(requirements: &Requirements, analysis: &Analysis) -> String {
    let functional = requirements.functional.iter().map(|requirement| {
        let head = format!("### {}: {}", line(&requirement.id), line(&requirement.title));
        format!("{head}\n\n{}\n\nAcceptance criteria:\n\n{}", requirement.description.trim(), list(&requirement.acceptance))
    });
    let functional = functional.collect::<Vec<_>>().join("\n\n");
    let qualities = requirements
        .non_functional
        .iter()
        .map(|quality| vec![quality.id.clone(), quality.title.clone(), quality.description.clone(), quality.measure.clone()]);
    document(
        &format!("{}: product requirements", requirements.title),
        [
            requirements.overview.clone(),
            section("Goals", &list(&requirements.goals)),
            section("Users", &list(&analysis.users)),
            section("Functional requirements", &functional),
            section("Non-functional requirements", &table(&["Id", "Quality", "Requirement", "Measured by"], qualities)),
            section("Out of scope", &list(&requirements.out_of_scope)),
            section("Measures of success", &list(&requirements.success_measures)),
            section("Open questions", &list(&requirements.open_questions)),
        ],
    )
}

/// `docs/architecture.md`.
pub(crate) fn architecture(title: &str, architecture: &Architecture) -> String {
    let decisions = architecture.decisions.iter().enumerate().map(|(index, decision)| {
        format!("### {}. {}\n\n{}\n\n**Why:** {}", index + 1, line(&decision.title), decision.choice.trim(), decision.reason.trim())
    });
    let decisions = decisions.collect::<Vec<_>>().join("\n\n");
    let components = architecture
        .components
        .iter()
        .map(|component| vec![component.name.clone(), component.responsibility.clone(), component.interface.clone()]);
    let files = architecture.files.iter().map(|file| vec![format!("`{}`", file.path), file.purpose.clone()]);
    let risks = architecture.risks.iter().map(|risk| vec![risk.risk.clone(), risk.mitigation.clone()]);
    document(
        &format!("{title}: architecture"),
        [
            architecture.summary.clone(),
            section("Decisions", &decisions),
            section("Components", &table(&["Component", "Responsibility", "Interface"], components)),
            section("Data", &architecture.data),
            section("Files", &table(&["Path", "Purpose"], files)),
            section("Risks", &table(&["Risk", "Mitigation"], risks)),
        ],
    )
}

/// `docs/test-strategy.md`.
pub(crate) fn test_strategy(title: &str, strategy: &TestStrategy) -> String {
    let levels = strategy.levels.iter().map(|level| vec![level.name.clone(), level.scope.clone(), level.tools.clone()]);
    let risks =
        strategy.risks.iter().map(|risk| vec![risk.risk.clone(), risk.probability.clone(), risk.impact.clone(), risk.mitigation.clone()]);
    let checks = strategy.checks.iter().map(|checks| format!("### {}\n\n{}", line(&checks.requirement), list(&checks.checks)));
    let checks = checks.collect::<Vec<_>>().join("\n\n");
    document(
        &format!("{title}: test strategy"),
        [
            strategy.summary.clone(),
            section("Levels", &table(&["Level", "Scope", "Tools"], levels)),
            section("Risks", &table(&["Risk", "Probability", "Impact", "Mitigation"], risks)),
            section("Checks by requirement", &checks),
            section("Quality gates", &list(&strategy.quality_gates)),
        ],
    )
}
