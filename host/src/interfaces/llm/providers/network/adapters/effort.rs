//! How much a model is to think, which operators say behind its name: `o4-mini-high`. Says nothing where the name does not.

/// Names that only look so.
const WHOLE_NAMES: [&str; 1] = ["-codex-max"];

/// The name as the service knows it, and the effort.
pub(super) fn split(model: &str) -> (&str, Option<&'static str>) {
    let whole = (model, None);
    let Some((name, word)) = model.rsplit_once('-').filter(|_| !WHOLE_NAMES.iter().any(|whole| model.ends_with(whole))) else {
        return whole;
    };
    let effort = match word {
        "none" | "zero" => "none",
        "minimal" => "minimal",
        "low" => "low",
        "medium" => "medium",
        "high" => "high",
        "xhigh" => "xhigh",
        "max" => "max",
        _ => return whole,
    };
    (name, Some(effort))
}

/// The tokens that stand for it, where a model takes a number. None: it does not think.
pub(super) fn budget(effort: &str) -> Option<u32> {
    match effort {
        "none" => None,
        "minimal" | "low" => Some(1_024),
        "medium" => Some(8_000),
        _ => Some(24_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effort_stands_behind_the_name() {
        assert_eq!(split("o4-mini-high"), ("o4-mini", Some("high")));
        assert_eq!(split("claude-opus-4-8-zero"), ("claude-opus-4-8", Some("none")));
        for whole in ["gpt-5.1-codex-max", "claude-opus-4-8", "x", "-", ""] {
            assert_eq!(split(whole), (whole, None));
        }
    }
}
