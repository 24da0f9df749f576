//! The XML report that JUnit began and that surefire, Gradle, pytest, jest, vitest, node and others write. Names of classes
//! and tests are put together as their programs do it.

use crate::found::Found;
use crate::place::{self, Place, relative};
use crate::xml::{Piece, Pieces, attribute, unescaped};
use crate::{LONGEST_MESSAGE, Status};

/// Bytes of a failure's text in which its place is looked for.
const LOOKED_AT: usize = 16 << 10;

/// A test whose element is open.
#[derive(Default)]
struct Case {
    name: String,
    class: String,
    file: Option<String>,
    line: Option<u32>,
    seconds: Option<f64>,
    status: Option<Status>,
    message: String,
    /// The text of the element that says why it failed.
    text: String,
    takes_text: bool,
}

pub(crate) fn is_report(text: &str) -> bool {
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    let head = &begin[..begin.floor_char_boundary(4 << 10)];
    begin.starts_with('<') && (head.contains("<testsuite") || head.contains("<testcase"))
}

pub(crate) fn read(text: &str, found: &mut Found) {
    let mut case: Option<Case> = None;
    // Names of the suites around, where the classes of tests say nothing.
    let mut suite_file = None;
    for piece in Pieces::of(text) {
        match piece {
            Piece::Begin("testsuite", attributes, _) => {
                suite_file = attribute(attributes, "file").or_else(|| attribute(attributes, "filepath"))
            }
            Piece::Begin("testcase", attributes, is_closed) => {
                let begun = Case::begin(attributes, suite_file.as_deref());
                if is_closed { begun.end(found) } else { case = Some(begun) }
            }
            Piece::Begin(element, attributes, is_closed) => {
                if let Some(case) = &mut case {
                    case.element(element, attributes, is_closed);
                }
            }
            Piece::End("testcase") => case.take().into_iter().for_each(|case| case.end(found)),
            Piece::End(_) => case.iter_mut().for_each(|case| case.takes_text = false),
            Piece::Text(text) => case.iter_mut().for_each(|case| case.take(text)),
        }
    }
}

impl Case {
    fn begin(attributes: &str, suite_file: Option<&str>) -> Self {
        let of = |name| attribute(attributes, name).unwrap_or_default();
        Self {
            name: of("name").trim().to_owned(),
            class: of("classname").trim().to_owned(),
            file: attribute(attributes, "file").or_else(|| suite_file.map(str::to_owned)).filter(|file| !file.is_empty()),
            line: of("line").parse().ok().filter(|line| *line > 0),
            seconds: of("time").replace(',', "").parse().ok(),
            ..Self::default()
        }
    }

    fn element(&mut self, element: &str, attributes: &str, is_closed: bool) {
        let status = match element {
            "failure" | "error" => Status::Failed,
            "skipped" | "disabled" => Status::Skipped,
            // What surefire writes of a test that passed when it was repeated.
            "flakyFailure" | "flakyError" => Status::Flaky,
            _ => return,
        };
        self.status = self.status.max(Some(status));
        let said = attribute(attributes, "message").unwrap_or_default();
        if self.message.is_empty() && status != Status::Skipped {
            self.message = said;
            self.takes_text = !is_closed;
        }
    }

    fn take(&mut self, text: &str) {
        if self.takes_text && self.text.len() < LOOKED_AT {
            self.text.push_str(&unescaped(&text[..text.floor_char_boundary(LOOKED_AT)]));
        }
    }

    fn end(self, found: &mut Found) {
        let name = self.full_name();
        let status = self.status.unwrap_or(Status::Passed);
        found.add(&name, status);
        found.seconds(&name, self.seconds);
        let lines: Vec<_> = self.text.lines().map(str::trim_end).collect();
        let file = self.file.as_deref().map(relative);
        let failed_at = match &file {
            Some(file) => place::last(&lines, file),
            None => self.own_frame(&lines).or_else(|| place::first(&lines)),
        };
        let stands_at = file.map(|file| Place { file, line: self.line });
        found.place(&name, failed_at.or(stands_at));
        if status == Status::Failed || status == Status::Flaky {
            found.message(&name, &self.message[..self.message.floor_char_boundary(LONGEST_MESSAGE)]);
            found.details(&name, &lines);
        }
    }

    /// A Java stack begins in the library of assertions.
    fn own_frame(&self, lines: &[&str]) -> Option<Place> {
        let class = self.class.rsplit('.').next().filter(|class| !class.is_empty())?;
        let own = |line: &&&str| line.trim_start().starts_with("at ") && line.contains(class);
        lines.iter().find(own).and_then(|line| place::of(line))
    }

    fn full_name(&self) -> String {
        let Self { name, class, .. } = self;
        if class.is_empty() || name.starts_with(class.as_str()) || class == "test" {
            return name.clone();
        }
        // vitest gives the file as the class, and prints it with this sign.
        let divider = if class.contains('/') { " > " } else { "." };
        format!("{class}{divider}{name}")
    }
}
