//! Finds `{name}` and `{{name}}` in a text. Leaves `${…}`, phrases and blocks alone.

/// Bytes of a name.
pub const LONGEST_NAME: usize = 100;

/// How a name is written.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Form {
    /// `{name}`, which is resolved before a run.
    Single,
    /// `{{name}}`, which is filled in while it runs.
    Double,
}

/// A name in a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reference<'a> {
    /// As written, without braces and spaces.
    pub name: &'a str,
    /// How.
    pub form: Form,
    /// Its first byte, a brace.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// The names in a text, in their order.
pub fn find(text: &str) -> References<'_> {
    References { text, position: 0 }
}

/// Goes through a text once.
#[derive(Clone, Debug)]
pub struct References<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Iterator for References<'a> {
    type Item = Reference<'a>;

    fn next(&mut self) -> Option<Reference<'a>> {
        let bytes = self.text.as_bytes();
        while let Some(found) = bytes.get(self.position..)?.iter().position(|byte| *byte == b'{') {
            let start = self.position + found;
            let braces = bytes[start..].iter().take_while(|byte| **byte == b'{').count();
            self.position = start + braces;
            let is_shell = start > 0 && bytes[start - 1] == b'$';
            if braces > 2 || is_shell {
                continue;
            }
            if let Some(reference) = self.read(start, braces) {
                self.position = reference.end;
                return Some(reference);
            }
        }
        None
    }
}

impl<'a> References<'a> {
    fn read(&self, start: usize, braces: usize) -> Option<Reference<'a>> {
        let inside = &self.text[start + braces..];
        // No name is longer, and a text full of open braces is looked at once.
        let length = inside.as_bytes().iter().take(200).position(|byte| matches!(byte, b'{' | b'}' | b'\n'))?;
        let close = &inside[length..];
        let closing = close.bytes().take_while(|byte| *byte == b'}').count();
        let name = inside[..length].trim_matches([' ', '\t']);
        if closing != braces || !is_name(name) {
            return None;
        }
        let form = if braces == 1 { Form::Single } else { Form::Double };
        Some(Reference { name, form, start, end: start + braces + length + braces })
    }
}

/// Whether a text is a name: a letter or underscore, then letters, digits, `_`, `-` and `.`.
pub fn is_name(text: &str) -> bool {
    let begins = text.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_');
    begins && text.len() <= LONGEST_NAME && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

/// The key of a name: `output-folder` is `output_folder`.
pub fn key(name: &str) -> String {
    name.replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_either_form_and_with_spaces() {
        let text = "{a} {{ b }} { c-d } ${e} {{{f}}} {g}} {{#if h}} {two words} {} {\ni} ${{ j }} {k.l}";
        let found: Vec<_> = find(text).map(|reference| (reference.name, reference.form)).collect();
        assert_eq!(found, [("a", Form::Single), ("b", Form::Double), ("c-d", Form::Single), ("k.l", Form::Single)]);
        let texts: Vec<_> = find(text).map(|reference| &text[reference.start..reference.end]).collect();
        assert_eq!(texts, ["{a}", "{{ b }}", "{ c-d }", "{k.l}"]);
    }
}
