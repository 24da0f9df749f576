//! The acceptance criteria of a story, out of its text: its check boxes, or the list below a heading that speaks of acceptance.
//! Judges none.

/// The texts, in their order; none where the story has no list of them.
pub(crate) fn of(body: &str) -> Vec<String> {
    let boxes: Vec<_> = body.lines().filter_map(boxed).collect();
    if !boxes.is_empty() {
        return boxes;
    }
    let mut below = false;
    let mut listed = Vec::new();
    for line in body.lines() {
        if let Some(heading) = line.strip_prefix('#') {
            below = heading.to_lowercase().contains("acceptance");
        } else if below {
            listed.extend(item(line));
        }
    }
    listed
}

fn boxed(line: &str) -> Option<String> {
    let text = bullet(line)?;
    ["[ ]", "[x]", "[X]"].iter().find_map(|mark| text.strip_prefix(mark)).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// An item of a list that is not below another.
fn item(line: &str) -> Option<String> {
    let text = bullet(line).or_else(|| {
        let (number, text) = line.split_once(['.', ')'])?;
        (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(text)
    })?;
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn bullet(line: &str) -> Option<&str> {
    ["- ", "* ", "+ "].iter().find_map(|bullet| line.strip_prefix(bullet)).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_boxes_are_criteria_and_other_lists_below_the_heading_too() {
        let body = "As a person I want sums.\n\n## Acceptance criteria\n\n- [ ] Sums are exact.\n- [x] Cents are kept.\n\n## Requirements\n\n- FR1: x\n";
        assert_eq!(of(body), ["Sums are exact.", "Cents are kept."]);
        assert_eq!(of("## Acceptance Criteria\n1. One\n   - below\n2) Two\n* Three\n## After\n- no\n"), ["One", "Two", "Three"]);
        assert_eq!(of("- [ ] \nJust text.\n- a list\n"), [""; 0]);
    }
}
