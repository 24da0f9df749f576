//! How the indentation of a passage in a file corresponds to that of the same passage as a model wrote it. Guesses nothing:
//! where there is no one answer, there is none.

/// Pairs of indentations: as given, and as in the file. Different ones stay different.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::tools) struct Indentation(Vec<(String, String)>);

impl Indentation {
    /// The correspondence between lines that are alike but for their indentation; none where it is not one to one.
    pub(in crate::tools) fn between<'a>(given: impl IntoIterator<Item = &'a str>, file: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (given, file) in given.into_iter().zip(file).filter(|(given, _)| !given.trim().is_empty()) {
            let (given, file) = (indent_of(given), indent_of(file));
            match pairs.iter().find(|(one, other)| one == given || other == file) {
                Some((one, other)) if one == given && other == file => {}
                Some(_) => return None,
                None => pairs.push((given.to_owned(), file.to_owned())),
            }
        }
        Some(Self(pairs))
    }

    /// A line as it has to be indented in the file.
    pub(in crate::tools) fn apply(&self, line: &str) -> String {
        let indent = indent_of(line);
        let rest = &line[indent.len()..];
        if rest.trim().is_empty() {
            return rest.to_owned();
        }
        format!("{}{rest}", self.of(indent))
    }

    fn of(&self, given: &str) -> String {
        if let Some((_, file)) = self.0.iter().find(|(known, _)| known == given) {
            return file.clone();
        }
        // Deeper than a line that is known: what is more, in the unit of the file where that can be told.
        let above = self.0.iter().filter(|(known, _)| given.starts_with(known.as_str())).max_by_key(|(known, _)| known.len());
        if let Some((known, file)) = above {
            return format!("{file}{}", self.translate(&given[known.len()..]));
        }
        // Less deep than all: the same shift as the least deep line that is known.
        match self.0.iter().filter(|(known, _)| known.starts_with(given)).min_by_key(|(known, _)| known.len()) {
            Some((known, file)) => file.strip_suffix(&known[given.len()..]).unwrap_or(given).to_owned(),
            None => given.to_owned(),
        }
    }

    /// More indentation in the unit of the file: a tab for what is a step in the lines that are known.
    fn translate(&self, more: &str) -> String {
        let steps = self.0.iter().flat_map(|(given, file)| {
            let below = move |(deeper, in_file): &(String, String)| {
                let (step, as_in_file) = (deeper.strip_prefix(given.as_str())?, in_file.strip_prefix(file.as_str())?);
                (!step.is_empty()).then(|| (step.to_owned(), as_in_file.to_owned()))
            };
            self.0.iter().filter_map(below)
        });
        let fits = steps.filter(|(step, _)| more.len().is_multiple_of(step.len()) && more == step.repeat(more.len() / step.len()));
        match fits.min_by_key(|(step, _)| step.len()) {
            Some((step, as_in_file)) => as_in_file.repeat(more.len() / step.len()),
            None => more.to_owned(),
        }
    }
}

/// The blanks that a line begins with.
fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(given: &[&str], file: &[&str]) -> Option<Indentation> {
        Indentation::between(given.iter().copied(), file.iter().copied())
    }

    #[test]
    fn lines_get_the_indentation_of_the_file() {
        let shifted = between(&["if a:", "    b"], &["        if a:", "            b"]).unwrap();
        assert_eq!(shifted.apply("    c"), "            c");
        assert_eq!(shifted.apply("        d"), "                d", "deeper than all");
        assert_eq!(shifted.apply("   "), "");
        let tabs = between(&["if a {", "    b", "}"], &["\tif a {", "\t\tb", "\t}"]).unwrap();
        assert_eq!(tabs.apply("        c"), "\t\t\tc");
        let less = between(&["        a"], &["    a"]).unwrap();
        assert_eq!(less.apply("            b"), "        b");
        let out = between(&["    a"], &["        a"]).unwrap();
        assert_eq!(out.apply("b"), "    b", "less deep than all");
    }

    #[test]
    fn different_depths_stay_different() {
        assert_eq!(between(&["a", "    b"], &["a", "b"]), None);
        assert_eq!(between(&["a", "a"], &["a", "    a"]), None);
    }
}
